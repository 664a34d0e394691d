"""`python -m relay`, also installed as `relay`."""

from relay.cli.app import app
from shared.console import run_app


def main() -> None:
    """Run the command line."""
    run_app(app, "relay")


if __name__ == "__main__":
    main()
