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

void define_doctor(CLI::App& root, CommandBook& book) {
  CLI::App* app =
      root.add_subcommand("doctor", "Look for damage in a data folder, and for jobs whose rows are lost");
  auto& options = book.add<DoctorOptions>(app);
  options.data = "data";
  add_text(*app, {"--data", "DIR", "data", "Data folder"}, Scope::kSetting,
           [&options](std::string text) { options.data = std::move(text); });
  add_switch(*app, {"--quick", "", "", "Read no rows and no chunk files"}, Scope::kFlagOnly, options.quick);
  define_json(*app, options.json);
  app->footer(
      "Repairs nothing. Beside a running server pools that are open are left out. Exit code 1: something is "
      "damaged or "
      "lost.\n\n"
      "Example:\n  adit doctor --data /var/lib/adit");
}

}  // namespace adit
