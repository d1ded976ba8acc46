"""The command line. Exit codes: 0 done, 1 done with failures, 2 wrong call or config, 3 database, 130 interrupted."""

import os
import sys
from io import TextIOWrapper
from typing import Any


def main() -> None:
    """Run `tracker` and leave with the exit code that its outcome has. What the locale has no sign for is escaped."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read (`| head`) had enough; nothing is left to be flushed at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command; its exit code. Errors of the tracker's own tree become one line a problem on standard error."""
    import typer

    from tracker.cli.commands import app
    from tracker.errors import ArchiveError, ConfigError, TrackerError, UsageError
    from tracker.text import visible

    wrong_call: type[Exception] = typer.BadParameter.__mro__[1]  # Click's UsageError, wherever this Typer keeps it
    try:
        return int(app(arguments, prog_name="tracker", standalone_mode=False) or 0)
    except SystemExit as done:
        broken = isinstance(done.__context__, BrokenPipeError)  # by whoever read: `| head`
        return done.code if isinstance(done.code, int) and not broken else 0
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except wrong_call as error:
        problems, code = _call_trouble(error), 2
    except TrackerError as error:
        problems = error.problems if isinstance(error, ConfigError) else [f"tracker: {error}"]
        code = 2 if isinstance(error, UsageError) else 3 if isinstance(error, ArchiveError) else 1
    for problem in problems:
        print(visible(problem), file=sys.stderr)
    return code


def _call_trouble(error: Any) -> list[str]:
    """What is wrong with a call, in one line; nothing more where the help was shown for want of a command."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return []
    said = " ".join(str(error.format_message()).replace("Value error, ", "").split())
    said = said if len(said) < 300 else f"{said[:299]}…"
    command = error.ctx.command_path if error.ctx else "tracker"
    if error.ctx and error.ctx.info_name in ("search", "export") and said.startswith("No such option"):
        said = f'{said} (a query that begins with - goes after "--")'
    return [f"tracker: {said.rstrip('.')}: see {command} --help"]
