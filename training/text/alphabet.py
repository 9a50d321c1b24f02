"""What the recogniser may write, and the order in which it writes it: as the letters stand, left to right."""

from __future__ import annotations

ARABIC = "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي" + "پچژڤکگۀیٹڈڑںہھۂےۓڭ"
CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяёАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЁіїєґўђјљњћџѓќѕІЇЄҐЎЂЈЉЊЋЏЃЌЅ"
DIGITS = "0123456789" + "٠١٢٣٤٥٦٧٨٩" + "۰۱۲۳۴۵۶۷۸۹"
LATIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
MARKS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_{|}~" + "،؛؟٪٫٬۔«»„“”‘’–—…№•"
LETTERS = "".join(dict.fromkeys(ARABIC + CYRILLIC + DIGITS + LATIN + MARKS + " "))
"""In the order of the network's classes, which begin with the blank."""

NUMBER = {letter: index + 1 for index, letter in enumerate(LETTERS)}
