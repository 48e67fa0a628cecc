// Recovery: what must be done before a server that may have been killed serves again.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "chunks/chunk_store.h"
#include "push/stage_queue.h"
#include "warehouse/warehouse.h"

namespace adit {

/// 1. Half-received chunks are removed: they were never acknowledged. 2. Jobs that ran are queued again; when
/// they are taken, their landing mark tells whether they have landed. 3. Chunks that were acknowledged but
/// not staged are staged. Idempotency keys of requests that were under way are free again. Call after the
/// warehouse is open and before the LandQueue starts.
Result<void> recover(Catalog& catalog, ChunkStore& store, StageQueue& stages, const Clock& clock);

/// Within the names of folders of pools that set_unknown_pools_aside() has renamed.
inline constexpr std::string_view kUnknownPoolMark = ".unknown-";

/// Renames the folders in `pools` of pools that the catalog has no row of to `<id>.unknown-<ms since the
/// epoch>`, and the log names them: a new pool of that id would begin with their tables. They are not
/// removed, since it may be the catalog that has lost something. One that can't be renamed is logged and
/// left. Call before the warehouse opens a pool.
Result<void> set_unknown_pools_aside(Catalog& catalog, const std::filesystem::path& pools,
                                     const Clock& clock);

/// The answer to the warehouse's question before a pool is opened: kNotFound for one that has been deleted.
/// Whoever looked it up before that would make its file anew otherwise, and nobody would remove it.
Result<void> pool_may_open(Catalog& catalog, PoolId pool);

/// How a landed job is landed again; nullopt where its chunk files are gone, and the log says so: `adit
/// doctor` lists it.
Result<std::optional<LandPlan>> plan_again(Catalog& catalog, ChunkStore& store, PoolId pool, JobId job);

/// The answers to the warehouse's questions at the opening of a pool. Both must outlive it.
LandingBook landing_book(Catalog& catalog, ChunkStore& store);

}  // namespace adit
