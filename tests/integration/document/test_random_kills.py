import asyncio
import random

import psutil

from dochub.document.v1 import document_service_pb2
from dochub.type.v1 import job_pb2
from hubkit.core.ids import new_id
from tests.integration.document.house import SAMPLE, House, ended, line_to, result, upload

DOCUMENTS = 6
KILLS = 8


async def test_random_kills_lose_nothing_and_repeat_nothing(house: House) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)  # noqa: S311 - no secret
    content, reader = SAMPLE.read_bytes(), house.reader_target
    service = house.start_document()
    async with line_to(service, house.mesh, new_id()) as line:
        ledger = [await upload(line, content) for _ in range(DOCUMENTS)]
    for _ in range(KILLS):
        # The point is a moment that nobody chose.
        await asyncio.sleep(chance.uniform(0.2, 3))
        victim = chance.choice(("document", "ocr", "page reader"))
        if victim == "document":
            house.kill("document")
            house.start_document(DOCHUB_SERVER__LISTEN=service)
        elif victim == "ocr":
            house.kill("ocr")
            house.start_reader(DOCHUB_SERVER__LISTEN=reader)
        elif children := psutil.Process(house.running["ocr"].pid).children(recursive=True):
            chance.choice(children).kill()
    async with line_to(service, house.mesh, line.tenant_id) as again:
        results = set()
        for document, job in ledger:
            assert (await ended(again, job.id)).state == job_pb2.JOB_STATE_SUCCEEDED
            get = document_service_pb2.GetDocumentRequest(id=document.id)
            [got] = await again.call("DocumentService.GetDocument", get)
            assert got.document.pages_done == 4
            assert "PAGE_GIVEN_UP" not in got.document.warnings
            results.add(tuple(await result(again, document.id)))
    assert len(results) == 1
