// The failpoints: every named place at which a process can be killed, in one list.
#pragma once

#include <array>
#include <string_view>

namespace adit::test {

/// In the code of chunks, pushes and the warehouse; a test compares the list with the sources.
inline constexpr auto kFailpoints = std::to_array<std::string_view>({
    "chunk_store.keep.after_rename",
    "chunk_store.keep.before_fsync",
    "chunk_store.keep.before_rename",
    "chunk_store.write",
    "push.remove_pool.before",
    "push.remove_pool.between",
    "push.upload.kept",
    "warehouse.change.after_commit",
    "warehouse.change.before_commit",
    "warehouse.checkpoint.after",
    "warehouse.checkpoint.before",
    "warehouse.held",
    "warehouse.land.after_commit",
    "warehouse.land.before_commit",
    "warehouse.stage.after_commit",
    "warehouse.stage.before_commit",
});

/// Of backups, restores and rebuilt pools: their tests (tests/e2e) die at each.
inline constexpr auto kBackupFailpoints = std::to_array<std::string_view>({
    "backup.before_manifest",
    "backup.between",
    "backup.pool_file",
    "base.copy_file",
    "rebuild.copied",
    "rebuild.landed",
    "restore.before_sync",
    "warehouse.files_held",
    "warehouse.replace.renamed",
    "warehouse.replace.set_aside",
});

/// Writes to the catalog, each with the failpoints `.before_commit` and `.after_commit`.
inline constexpr auto kCatalogWrites = std::to_array<std::string_view>({
    "catalog.add_member",
    "catalog.audit",
    "catalog.cancel",
    "catalog.cancel_abandoned_jobs",
    "catalog.check_data_source_idle",
    "catalog.claim_next_job",
    "catalog.claim_request",
    "catalog.delete_application",
    "catalog.delete_client",
    "catalog.delete_consent",
    "catalog.delete_data_source",
    "catalog.delete_grant",
    "catalog.delete_group",
    "catalog.delete_job",
    "catalog.delete_key",
    "catalog.delete_login",
    "catalog.delete_pool",
    "catalog.delete_token",
    "catalog.delete_user",
    "catalog.erase_pool",
    "catalog.exchange_token",
    "catalog.execute",
    "catalog.forget_audit",
    "catalog.forget_chunk_files",
    "catalog.forget_events",
    "catalog.forget_history",
    "catalog.forget_requests",
    "catalog.forget_tokens",
    "catalog.found_team",
    "catalog.insert_application",
    "catalog.insert_chunks",
    "catalog.insert_client",
    "catalog.insert_consent",
    "catalog.insert_data_source",
    "catalog.insert_grant",
    "catalog.insert_group",
    "catalog.insert_job",
    "catalog.insert_key",
    "catalog.insert_login",
    "catalog.insert_pool",
    "catalog.insert_token",
    "catalog.insert_user",
    "catalog.queue_table_change",
    "catalog.record_table_bytes",
    "catalog.release_all_requests",
    "catalog.release_request",
    "catalog.remove_chunk",
    "catalog.remove_member",
    "catalog.rename_group",
    "catalog.replace_key",
    "catalog.revoke_client",
    "catalog.set_disk_quota",
    "catalog.set_execute_limits",
    "catalog.set_password",
    "catalog.touch_key",
    "catalog.transition",
    "catalog.update_application",
    "catalog.update_chunk",
    "catalog.update_client",
    "catalog.update_pool",
    "catalog.update_user",
});

}  // namespace adit::test
