"""Nothing but decoding, every frame of one file: the floor under any analysis.

python benchmarks/decode.py VIDEO   prints the number of frames
"""

from __future__ import annotations

import sys

import av

if __name__ == "__main__":
    frames = 0
    with av.open(sys.argv[1]) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for _ in container.decode(stream):
            frames += 1
    print(frames)
