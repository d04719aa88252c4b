"""`mossbox run`: a program to which the vendor's host names lead to a store of one's own.

The program gets a network of its own, in which there is nothing but a loopback. Its host names are
answered by us, ports 80 and 443 lead to the store, and everything else fails; so it needs no
change, no proxy and no entry in a file of the machine, and nothing of it reaches the cloud.
"""

from argparse import REMAINDER, ArgumentParser


def arguments(parser: ArgumentParser) -> None:
    """What `mossbox run` takes."""
    parser.add_argument("--endpoint", default=None, help="the store's address [MOSSBOX_ENDPOINT]")
    parser.add_argument(
        "--join", type=int, default=None, metavar="PID",
        help="enter the run under way whose program has this process id",
    )  # fmt: skip
    parser.add_argument("program", nargs=REMAINDER, help="-- PROGRAM [ARGUMENT …]")
