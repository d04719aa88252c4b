"""What a verdict costs: a user with ten policies of ten statements, in this process.

    python bench/verdict.py

Two kinds of policies: each for a bucket of its own, with conditions; and all hundred statements
about one bucket, none of which decides before the last.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from mossbox import clock
from mossbox.auth import Caller
from mossbox.engine import Bucket, buckets, grants, identities
from mossbox.engine.identities import PolicyDetails, UserDetails
from mossbox.engine.store import Engine, open_memory
from mossbox.operation import Need
from mossbox.operations.call import Call, Endpoints
from mossbox.operations.common import authorise
from mossbox.shared import Shared

ROUNDS, CALLS = 7, 20_000
Statement = dict[str, Any]


def spread(policy: int, number: int) -> Statement:
    """A statement about a bucket and a folder of its own."""
    return {
        "Effect": "Allow",
        "Action": ["oss:GetObject", "oss:PutObject", "oss:List*"],
        "Resource": [f"acs:oss:*:*:bucket-{policy}/folder-{number}/*"],
        "Condition": {"DateLessThan": {"acs:CurrentTime": "2100-01-01T00:00:00Z"}},
    }


def crowded(policy: int, number: int) -> Statement:
    """One of a hundred about the same bucket; only the last one fits."""
    folder = "folder-9" if (policy, number) == (9, 9) else f"other-{policy}-{number}"
    resource = f"acs:oss:*:*:bucket-9/{folder}/*"
    return {"Effect": "Allow", "Action": "oss:GetObject", "Resource": resource}


async def user(engine: Engine, account: int, name: str, make: Any) -> Caller:
    """A user with its policies."""
    made = await engine.db.write(
        lambda tx: identities.insert(tx, account, "user", name, 1, UserDetails()), catalog=True
    )
    for policy in range(10):
        statements = [make(policy, number) for number in range(10)]
        text = json.dumps({"Version": "1", "Statement": statements})

        def work(tx: Any, policy: int = policy, text: str = text) -> None:
            kept = identities.insert(tx, account, "policy", f"{name}-{policy}", 1, PolicyDetails())
            grants.add_version(tx, kept.id, 1, text, 1, default=True)
            grants.attach(tx, kept.id, made.id, 1)

        await engine.db.write(work, catalog=True)
    return Caller("user", account, "1", name, "header", made.id, str(made.id), name)


def cost_us(engine: Engine, caller: Caller) -> float:
    """The best of a few rounds, microseconds."""
    need = Need("oss:GetObject", "object", "bucket-9", b"folder-9/key")
    endpoints = Endpoints("cn-hangzhou")
    best = float("inf")
    for _ in range(ROUNDS):
        calls = [
            Call(engine, endpoints, "bucket-9", need.key, "", clock.now_ms(), caller)
            for _ in range(CALLS)
        ]
        began = time.perf_counter()
        for call in calls:
            authorise(call, need)
        best = min(best, (time.perf_counter() - began) / CALLS * 1e6)
    return best


async def main() -> None:
    """Both kinds."""
    engine = open_memory(Shared(1), now_ms=clock.now_ms, inline_limit=1024, limit_bytes=64 << 20)
    await engine.db.write(lambda tx: identities.create(tx, "1000000000000001", "me", 1))
    asked = Bucket(0, "bucket-9", 1, 0, "cn-hangzhou", 0, 0, 1, 0)
    await engine.db.write(lambda tx: buckets.create(tx, asked, 100), catalog=True)
    for name, make in (("spread", spread), ("crowded", crowded)):
        caller = await user(engine, 1, name, make)
        print(f"{name}: {cost_us(engine, caller):.1f} µs a verdict")
    engine.close()


asyncio.run(main())
