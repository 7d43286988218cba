"""Two versions of the service by turns on one machine, A B B A, and the ratio of each pair.

Usage: versions.py PAIRS PART[,PART...] THIS OTHER, where THIS and OTHER are folders with the file version.json that
scripts/bench-versions writes.
"""

import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FIGURES = ("rate", "p99", "peakMegabytes", "started", "worked", "milliseconds")


class Version:
    def __init__(self, folder):
        with open(os.path.join(folder, "version.json")) as file:
            told = json.load(file)
        self.name = told["name"]
        # -P: not the modules beside version.py.
        self.process = subprocess.Popen(
            ["/usr/bin/python3", "-B", "-P", os.path.join(HERE, "version.py"), *told["arguments"]],
            env={**os.environ, "PYTHONPATH": os.path.join(told["checkout"], "scripts/benchmarks")},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )
        self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"bench-versions: the measurement of {self.name} has ended; its error is above")
        return json.loads(line)

    def measure(self, part):
        self.process.stdin.write(part + "\n")
        return self.answer()


def main():
    pairs_wanted, parts, folders = int(sys.argv[1]), sys.argv[2].split(","), sys.argv[3:5]
    this, other = (Version(folder) for folder in folders)
    figures = {}
    for number in range(pairs_wanted):
        for part in parts:
            results = {}
            # The first of a pair finds the machine in another state than the second, so they take turns at that, too.
            for version in (this, other) if number % 2 else (other, this):
                results[version.name] = version.measure(part)
            for figure, value in results[this.name].items():
                if figure in FIGURES:
                    former = results[other.name][figure]
                    figures.setdefault((part, figure), []).append((value, former))
                    print(
                        f"   pair {number + 1}, {part}, {figure}: {value:,.1f} to {former:,.1f}, {value / former:.3f}",
                        flush=True,
                    )
    print("\n| measured | this | other | this ÷ other, median | least – most |\n|---|---:|---:|---:|---|")
    for (part, figure), pairs in figures.items():
        ratios = [value / former for value, former in pairs]
        print(
            f"| {part}, {figure} | {statistics.median(a for a, _ in pairs):,.1f} | {statistics.median(b for _, b in pairs):,.1f}"
            f" | {statistics.median(ratios):.3f} | {min(ratios):.3f} – {max(ratios):.3f} |"
        )
    for version in (this, other):
        version.process.stdin.close()
        version.process.wait(60)


if __name__ == "__main__":
    main()
