// The options of `adit backup`, `adit restore` and `adit doctor`.
#include "app/option_binding.h"
#include "app/option_definitions.h"

namespace adit {

void define_backup(CLI::App& root, CommandBook& book) {
  CLI::App* app = root.add_subcommand(
      "backup", "Copy the whole installation, while the server runs or when it is stopped");
  auto& options = book.add<BackupOptions>(app);
  add_text(*app, {"DIR", "", "", "New folder for the backup; while the server runs, in its --backup-folder"},
           Scope::kFlagOnly, [&options](std::string text) { options.target = std::move(text); })
      ->required();
  define_json(*app, options.json);
  add_switch(*app, {"-q,--quiet", "", "", "Show no progress"}, Scope::kFlagOnly, options.quiet);
  define_connection(*app, options.connection);
  app->footer(
      "Everything that was acknowledged before is in it. It holds secrets: the key of the certificate, "
      "admin.key, the "
      "catalog.\n\n"
      "Examples:\n  adit backup /var/backups/adit/$(date +%F) --data /var/lib/adit\n"
      "  adit serve --data /var/lib/adit --backup-folder /var/backups/adit");
}

void define_restore(CLI::App& root, CommandBook& book) {
  CLI::App* app = root.add_subcommand("restore", "Bring a backup back into an empty data folder");
  auto& options = book.add<RestoreOptions>(app);
  options.data = "data";
  add_text(*app, {"BACKUP", "", "", "Folder of the backup"}, Scope::kFlagOnly, [&options](std::string text) {
    options.backup = std::move(text);
  })->required();
  add_text(*app, {"--data", "DIR", "data", "Data folder: empty, or not there yet"}, Scope::kSetting,
           [&options](std::string text) { options.data = std::move(text); });
  add_switch(*app, {"--check", "", "", "Only look whether the backup is whole"}, Scope::kFlagOnly,
             options.check);
  add_switch(*app,
             {"--without-damaged-chunks", "", "",
              "Leave damaged chunk files out instead of restoring nothing; all else must be whole"},
             Scope::kFlagOnly, options.leave_damaged_chunks_out);
  add_switch(*app, {"-q,--quiet", "", "", "Show no progress"}, Scope::kFlagOnly, options.quiet);
  app->footer(
      "Every file is held against its digest; a backup that is damaged is not restored, and nothing is "
      "overwritten.\n\n"
      "Examples:\n  adit restore /var/backups/adit/2026-01-31 --data /var/lib/adit-restored\n"
      "  adit restore /var/backups/adit/2026-01-31 --check");
}

namespace {

void define_rebuild(CLI::App& app, DoctorOptions& options) {
  auto* rebuild = add_text(
      app, {"--rebuild", "POOL", "", "Make this pool anew, by name or id; the server must be stopped"},
      Scope::kFlagOnly, [&options](std::string text) { options.rebuild = std::move(text); });
  auto* backup = add_text(
      app,
      {"--backup", "DIR", "", "Backup to take it from, instead of the newest of --backup-folder that has it"},
      Scope::kFlagOnly, [&options](std::string text) { options.backup = std::move(text); });
  add_text(app, {"--backup-folder", "DIR", "", "Folder with backups, as the server has it"}, Scope::kSetting,
           [&options](std::string text) { options.backup_folder = std::move(text); });
  auto* chunks_only =
      add_switch(app, {"--chunks-only", "", "", "Take no backup, only the chunks that are kept"},
                 Scope::kFlagOnly, options.chunks_only);
  auto* rows_return = add_switch(
      app,
      {"--removed-rows-return", "", "", "Go on where rows that were removed after the backup would be back"},
      Scope::kFlagOnly, options.removed_rows_return);
  auto* force = add_switch(app, {"--force", "", "", "Rebuild a pool that has nothing wrong with it"},
                           Scope::kFlagOnly, options.force);
  for (auto* option : {backup, chunks_only, rows_return, force}) option->needs(rebuild);
  chunks_only->excludes(backup);
}

}  // namespace

void define_doctor(CLI::App& root, CommandBook& book) {
  CLI::App* app =
      root.add_subcommand("doctor", "Look for damage in a data folder, and for jobs whose rows are lost");
  auto& options = book.add<DoctorOptions>(app);
  options.data = "data";
  add_text(*app, {"--data", "DIR", "data", "Data folder"}, Scope::kSetting,
           [&options](std::string text) { options.data = std::move(text); });
  add_switch(*app, {"--quick", "", "", "Read no rows and no chunk files"}, Scope::kFlagOnly, options.quick);
  define_rebuild(*app, options);
  define_json(*app, options.json);
  app->footer(
      "Repairs nothing without --rebuild. Beside a running server pools that are open are left out. Exit "
      "code "
      "1: something is damaged or lost, or a rebuild was refused.\n\n"
      "--rebuild makes the pool's file anew beside the present one, from the backup, and lands in it what "
      "came "
      "since; only then it takes the present one's place, which is kept as pool.db.damaged-TIME. The server "
      "must be stopped. Cut short, it has changed nothing, and can be run again.\n\n"
      "Examples:\n  adit doctor --data /var/lib/adit\n"
      "  adit doctor --rebuild Sales --backup-folder /var/backups/adit --data /var/lib/adit");
}

}  // namespace adit
