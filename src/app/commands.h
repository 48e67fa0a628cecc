// The commands that talk to a running server, or work on the folder of a stopped one. Each prints its result
// on standard output, what went wrong on standard error, and returns what the process exits with.
#pragma once

#include "app/options.h"

namespace adit {

ExitCode run_command(const PushOptions& options);
ExitCode run_command(const QueryOptions& options);
ExitCode run_command(const PoolListOptions& options);
ExitCode run_command(const PoolShowOptions& options);
ExitCode run_command(const PoolCreateOptions& options);
ExitCode run_command(const PoolRenameOptions& options);
ExitCode run_command(const PoolQuotaOptions& options);
ExitCode run_command(const PoolDeleteOptions& options);
ExitCode run_command(const TableListOptions& options);
ExitCode run_command(const TableShowOptions& options);
ExitCode run_command(const TableChangeOptions& options);
ExitCode run_command(const TableExportOptions& options);
ExitCode run_command(const JobListOptions& options);
ExitCode run_command(const JobHistoryOptions& options);
ExitCode run_command(const JobShowOptions& options);
ExitCode run_command(const JobWatchOptions& options);
ExitCode run_command(const JobCancelOptions& options);
ExitCode run_command(const JobDeleteOptions& options);
ExitCode run_command(const KeyOptions& options);
ExitCode run_command(const UserOptions& options);
ExitCode run_command(const AppOptions& options);
ExitCode run_command(const ClientOptions& options);
ExitCode run_command(const GroupOptions& options);
ExitCode run_command(const GrantOptions& options);
ExitCode run_command(const TeamOptions& options);
ExitCode run_command(const AuditListOptions& options);
ExitCode run_command(const AuditExportOptions& options);
ExitCode run_command(const BackupOptions& options);
ExitCode run_command(const RestoreOptions& options);
ExitCode run_command(const DoctorOptions& options);

}  // namespace adit
