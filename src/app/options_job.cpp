// The options of `adit job`.
#include "app/option_binding.h"
#include "app/option_definitions.h"
#include "app/option_values.h"

namespace adit {
namespace {

void define_list(CLI::App& group, CommandBook& book) {
  CLI::App* app = group.add_subcommand("list", "List the jobs of a pool, newest first");
  auto& options = book.add<JobListOptions>(app);
  define_pool_choice(*app, options.pool);
  add_text(*app, {"--status", "STATUS", "", "Only NEW, QUEUED, RUNNING, DONE, ERROR or CANCELED ones"},
           Scope::kFlagOnly, [&options](std::string text) { options.status = std::move(text); });
  add_text(*app, {"--table", "NAME", "", "Only those of this table"}, Scope::kFlagOnly,
           [&options](std::string text) { options.table = std::move(text); });
  add_value(*app, {"--limit", "N", std::to_string(options.limit), "Jobs to list at most"}, Scope::kFlagOnly,
            options.limit, [](std::string_view text) { return parse_count(text, 1); });
  define_json(*app, options.json);
  define_connection(*app, options.connection);
  app->footer("Example:\n  adit job list --pool Sales --status ERROR");
}

void define_history(CLI::App& group, CommandBook& book) {
  CLI::App* app = group.add_subcommand(
      "history", "List what happened to a pool's tables: jobs and table changes, deleted ones too");
  auto& options = book.add<JobHistoryOptions>(app);
  const auto text = [app](const char* flag, const char* type, const char* help, std::string& target) {
    add_text(*app, {flag, type, "", help}, Scope::kFlagOnly,
             [&target](std::string value) { target = std::move(value); });
  };
  text("JOB", "", "Id of one job: shows all that is known of it", options.job);
  define_pool_choice(*app, options.pool);
  text("--status", "STATUS", "Only NEW, QUEUED, RUNNING, DONE, ERROR or CANCELED ones", options.status);
  text("--table", "NAME", "Only those of this table", options.table);
  text("--type", "TYPE", "Only pushes that are REPLACE or DELTA", options.type);
  text("--kind", "KIND", "Only PUSH, TABLE_CHANGE, DROP, TRUNCATE or DELETE", options.kind);
  text("--from", "TIME", "Only those created then or later: 2024-01-31, 2024-01-31T12:00:00Z", options.from);
  text("--to", "TIME", "Only those created earlier", options.to);
  add_value(*app, {"--deleted", "yes|no", "", "Only those that were deleted, or were not"}, Scope::kFlagOnly,
            options.deleted, [](std::string_view word) -> Result<bool> {
              if (word != "yes" && word != "no") {
                return invalid("`" + std::string(word) + "` is neither yes nor no");
              }
              return word == "yes";
            });
  add_value(*app, {"--limit", "N", std::to_string(options.limit), "Jobs to list at most"}, Scope::kFlagOnly,
            options.limit, [](std::string_view number) { return parse_count(number, 1, 1'000'000); });
  define_json(*app, options.json);
  define_connection(*app, options.connection);
  app->footer(
      "Times are UTC.\n\n"
      "Examples:\n"
      "  adit job history --pool Sales --status ERROR --from 2024-01-31\n"
      "  adit job history --pool Sales --kind TABLE_CHANGE\n"
      "  adit job history 4f9c6a52-6d0c-4d0e-9a53-1f1f6b1f3a10 --pool Sales");
}

void define_show(CLI::App& group, CommandBook& book) {
  CLI::App* app = group.add_subcommand("show", "Show a job, its chunks, and what is wrong with them");
  auto& options = book.add<JobShowOptions>(app);
  define_word(*app, "JOB", "Id of the job, as in the list", options.job);
  define_pool_choice(*app, options.pool);
  define_json(*app, options.json);
  define_connection(*app, options.connection);
  app->footer("Example:\n  adit job show 4f9c6a52-6d0c-4d0e-9a53-1f1f6b1f3a10 --pool Sales");
}

void define_watch(CLI::App& group, CommandBook& book) {
  CLI::App* app = group.add_subcommand("watch", "Wait until a job has ended, and tell how it gets on");
  auto& options = book.add<JobWatchOptions>(app);
  define_word(*app, "JOB", "Id of the job, as in the list", options.job);
  define_pool_choice(*app, options.pool);
  define_json(*app, options.json);
  add_switch(*app, {"-q,--quiet", "", "", "Print errors only"}, Scope::kFlagOnly, options.quiet);
  define_connection(*app, options.connection);
  app->footer(
      "0 it is DONE, 4 it ended in ERROR, 5 it was canceled. Ctrl-C ends the watching, not the job.\n\n"
      "Example:\n  adit job watch 4f9c6a52-6d0c-4d0e-9a53-1f1f6b1f3a10 --pool Sales");
}

template <class Options>
void define_action(CLI::App& group, CommandBook& book, const std::string& name, const std::string& help) {
  CLI::App* app = group.add_subcommand(name, help);
  auto& options = book.add<Options>(app);
  define_word(*app, "JOB", "Id of the job, as in the list", options.job);
  define_pool_choice(*app, options.pool);
  define_connection(*app, options.connection);
  app->footer("Example:\n  adit job " + name + " 4f9c6a52-6d0c-4d0e-9a53-1f1f6b1f3a10 --pool Sales");
}

}  // namespace

void define_job(CLI::App& root, CommandBook& book) {
  CLI::App* group =
      root.add_subcommand("job", "List, show, watch, cancel and delete push jobs, and what was before");
  group->require_subcommand(1);
  group->footer("Examples:\n  adit job list --pool Sales\n  adit job show ID --pool Sales");
  define_list(*group, book);
  define_history(*group, book);
  define_show(*group, book);
  define_watch(*group, book);
  define_action<JobCancelOptions>(*group, book, "cancel", "Cancel a job, and wait until that is done");
  define_action<JobDeleteOptions>(*group, book, "delete",
                                  "Take a job off the list, canceling it first; what has landed stays");
}

}  // namespace adit
