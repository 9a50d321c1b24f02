#!/bin/sh
# Tesseract with the languages the demo and the tests read: installed through apt where that is allowed,
# otherwise the line to run is printed. Does nothing where all of it is there.
set -eu
wanted="eng fra rus ara deu spa tur fas urd"

missing() {
  have=" $(tesseract --list-langs 2>/dev/null | tr '\n' ' ') "
  for language in $wanted; do
    case "$have" in *" $language "*) ;; *) printf '%s ' "$language" ;; esac
  done
}

[ -z "$(missing)" ] && exit 0
packages="tesseract-ocr"
for language in $wanted; do packages="$packages tesseract-ocr-$language"; done

if command -v apt-get >/dev/null 2>&1; then
  if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; else as_root="no"; fi
  if [ "$as_root" != no ]; then
    echo "Installing: $packages"
    log=$(mktemp)
    if $as_root apt-get -q update >"$log" 2>&1 \
      && $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $packages >>"$log" 2>&1
    then rm -f "$log"; else tail -n 20 "$log" >&2; fi
    [ -z "$(missing)" ] && exit 0
  fi
fi
echo "Tesseract lacks: $(missing)" >&2
echo "On Debian or Ubuntu run:  sudo apt-get update && sudo apt-get install -y $packages" >&2
echo "Elsewhere install Tesseract 5 with these languages, then run make again." >&2
exit 2
