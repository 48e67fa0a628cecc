// catalog/ keeps what must be remembered besides rows and chunk bytes: teams, users, keys, pools, jobs,
// chunks. It knows SQL and the model; it knows no HTTP, no engine and no files of chunks.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "catalog/access_catalog.h"
#include "catalog/audit_catalog.h"
#include "catalog/chunk_catalog.h"
#include "catalog/disk_catalog.h"
#include "catalog/event_catalog.h"
#include "catalog/history_catalog.h"
#include "catalog/job_catalog.h"
#include "catalog/oauth_catalog.h"
#include "catalog/pool_catalog.h"
#include "catalog/request_catalog.h"
#include "catalog/team_catalog.h"

namespace adit {

/// The catalog of one installation, perhaps shared by several processes. Thread-safe. Every call is one
/// transaction. Errors: kNotFound, kConflict where said; kStorageFull; kInternal for everything the database
/// says.
/// What it keeps is listed by subject, in an interface each.
class Catalog : public TeamCatalog,
                public AccessCatalog,
                public OauthCatalog,
                public PoolCatalog,
                public DiskCatalog,
                public RequestCatalog,
                public JobCatalog,
                public HistoryCatalog,
                public EventCatalog,
                public ChunkCatalog,
                public AuditCatalog {};

/// Opens (or creates) a catalog in an SQLite file and migrates it. kInvalid when the file was written by a
/// newer version of adit.
Result<std::unique_ptr<Catalog>> open_sqlite_catalog(const std::filesystem::path& file);

}  // namespace adit
