// The commands that talk to a running server. Each prints its result on standard output, what went wrong on
// standard error, and returns what the process exits with.
#pragma once

#include "app/options.h"

namespace adit {

ExitCode run_push(const PushOptions& options);
ExitCode run_query(const QueryOptions& options);
ExitCode run_pool_list(const PoolListOptions& options);
ExitCode run_pool_create(const PoolCreateOptions& options);
ExitCode run_key_list(const KeyListOptions& options);
ExitCode run_key_create(const KeyCreateOptions& options);
ExitCode run_key_delete(const KeyDeleteOptions& options);

}  // namespace adit
