"""The command line: words in, words out.

Exit codes: 0 done, 1 done with failures, 2 wrong call or config, 3 database, 130 interrupted.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run `tracker` and leave with the exit code that its outcome has."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; its exit code. Errors of the tracker's own tree become one line a problem on standard error."""
    from tracker.cli.commands import app
    from tracker.errors import ArchiveError, ConfigError, TrackerError, UsageError

    try:
        app(arguments, prog_name="tracker")
    except SystemExit as done:  # how Typer ends: it has said what was wrong with a call
        return done.code if isinstance(done.code, int) else 0
    except ConfigError as error:
        return _say(error.problems, 2, prefix="")
    except UsageError as error:
        return _say([str(error)], 2)
    except ArchiveError as error:
        return _say([str(error)], 3)
    except TrackerError as error:
        return _say([str(error)], 1)
    except KeyboardInterrupt:
        return 130
    return 0


def _say(problems: list[str], code: int, prefix: str = "tracker: ") -> int:
    from tracker.text import visible

    for problem in problems:
        print(prefix + visible(problem), file=sys.stderr)
    return code
