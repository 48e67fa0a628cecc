// Which of a pool's schemas a client means: the global one, or that of a data connection.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/pool_catalog.h"
#include "model/job.h"
#include "model/pool.h"

namespace adit {

/// How clients are told of a schema: `<pool>` for the global one (`source` is null), else
/// `<pool>_<connection>`.
std::string schema_name(PoolId pool, const DataSource* source);

/// The data connection that a text names: by what schema_name() says, by its id or by its name in any case.
/// nullopt for nothing and for the pool's id: the global schema. kNotFound for an id that names none,
/// kInvalid, saying what can be, for any other text.
Result<std::optional<DataSource>> find_target_schema(PoolCatalog& catalog, PoolId pool,
                                                     std::string_view text);

/// Sets a new job's connection and schema by its connectionId and targetSchema, whichever it has. kInvalid
/// that names the field when there is none such, or when the two name different ones.
Result<void> settle_target_schema(PoolCatalog& catalog, PoolId pool, JobSpec& spec);

}  // namespace adit
