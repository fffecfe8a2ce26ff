"""Runs the mesh in the foreground and tells a person how to use it."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from hubctl.mesh.directory import DEFAULT, DataDirectory
from hubctl.mesh.mesh import Options, Running, mesh

_console = Console(stderr=True, highlight=False)


def run_up(data_dir: Path, host: str, port: int, origins: tuple[str, ...], rate_per_s: int) -> None:
    """Run everything until a stop signal.

    Raises:
        HubError: It cannot be started.
    """
    options = Options(DataDirectory(data_dir.absolute()), host, port, origins, rate_per_s)

    async def stay(running: Running) -> None:
        Console(highlight=False, soft_wrap=True).print(welcome(running, data_dir))
        await asyncio.Event().wait()

    asyncio.run(run_mesh(options, stay, tell))


def tell(line: str) -> None:
    """Show a step to a person."""
    _console.print(f"[dim]·[/] {escape(line)}")


async def run_mesh(
    options: Options, work: Callable[[Running], Awaitable[None]], report: Callable[[str], None]
) -> None:
    """Run everything, do the work, and stop everything; a stop signal ends the work early."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - we are a coroutine
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def stop() -> None:
        stopped.set()
        task.cancel()

    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(signum) is not signal.SIG_IGN:  # as `nohup` has it
            loop.add_signal_handler(signum, stop)
    try:
        async with mesh(options, report) as running:
            await work(running)
    except asyncio.CancelledError:
        if not stopped.is_set():
            raise
        report("stopped")


def welcome(running: Running, data_dir: Path) -> str:
    """Write what a person needs to begin."""
    admin = running.admin
    where = "" if data_dir == DEFAULT else f" --data-dir {data_dir}"
    password = (
        f"password  [bold]{admin.password}[/]  (shown this once)"
        if admin.password
        else f"password as shown at the first start; `dochub admin password {admin.email}{where}`"
        " sets another"
    )
    return (
        f"\n[bold green]Document Hub is up[/] at [bold]{running.state.url}[/]\n"
        f"  sign in   {admin.email}  tenant {admin.tenant}\n"
        f"            {password}\n"
        f"  trust     {running.state.ca_file}\n\n"
        "Try, in another shell:\n"
        f"  dochub login{where}\n"
        f"  dochub upload samples/receipt.jpg --wait{where}\n"
        f"  dochub documents list{where}\n\n"
        "Ctrl-C stops everything."
    )
