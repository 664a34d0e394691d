"""`python -m onsite`, also installed as `onsite`."""

from onsite.cli.app import app
from shared.console import run_app


def main() -> None:
    """Run the command line."""
    run_app(app, "onsite")


if __name__ == "__main__":
    main()
