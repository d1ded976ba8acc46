"""`make bench`: the figures of docs/bench.md, each beside a limit or a peer, all of one run on one machine."""
