# Prove a draw: python3 draw_verifier.py LIST RESULT (see DRAWS.md)
import sys
from bisect import bisect
from hashlib import sha256
from itertools import accumulate, count

texts = [open(name, "rb").read() for name in sys.argv[1:]]
parts = [part.splitlines() for text in texts for part in text.decode().split("\n\n")]
terms, cards, found, told = (dict(row.split(" ", 1) for row in part) for part in parts)
seed, left, won = bytes.fromhex(found["seed"]), list(cards.items()), {}
hashes = (sha256(seed + n.to_bytes(8, "big")).digest() for n in count())
for place in range(1, 1 + min(len(cards), sum("prize-" in key for key in terms))):
    ends = list(accumulate(int(tickets) for _, tickets in left))
    fair = 2**256 // ends[-1] * ends[-1]  # with more, some tickets had better chances
    number = next(n for n in (int.from_bytes(h, "big") for h in hashes) if n < fair)
    card, _ = left.pop(bisect(ends, number % ends[-1]))
    won[str(place)] = card + " " + terms[f"prize-{place}"]
proof = [sha256(texts[0]).hexdigest(), sha256(seed).hexdigest(), won]
promised = [found["list"], terms["commitment"], told]
sys.exit(f"NOT PROVEN: {proof}" if proof != promised else print("proven", proof))
