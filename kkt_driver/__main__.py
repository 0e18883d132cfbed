"""python -m kkt_driver: the command `kkt`."""

from kkt_driver.cli import main

if __name__ == "__main__":
    main()
