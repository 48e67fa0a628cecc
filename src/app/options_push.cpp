// The options of `adit push`.
#include <algorithm>
#include <boost/json.hpp>
#include <cctype>

#include "app/option_binding.h"
#include "app/option_definitions.h"
#include "app/option_values.h"
#include "base/file.h"
#include "client/input_file.h"

namespace adit {
namespace {

namespace json = boost::json;

constexpr const char* kNoDefault = "";
constexpr std::uint64_t kSchemaBytesMax = 16 << 20;
constexpr std::uint64_t kPieceBytesMin = 1 << 10;
constexpr std::uint64_t kPieceBytesMax = 1ULL << 40;

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  return text;
}

auto word_of(std::vector<std::string> words) {
  return [words = std::move(words)](std::string_view text) -> Result<std::string> {
    const std::string word = upper(std::string(text));
    std::string known;
    for (const auto& candidate : words) {
      if (candidate == word) return word;
      known += (known.empty() ? "" : " or ") + candidate;
    }
    return invalid("`" + std::string(text) + "` is not " + known);
  };
}

// What the shell makes hard to type may be written as an escape.
Result<std::string> parse_sequence(std::string_view text) {
  if (text == "\\t" || upper(std::string(text)) == "TAB") return std::string("\t");
  if (text.empty()) return invalid("it is empty; leave the option out to have it detected");
  return std::string(text);
}

/// The short words for what the wire calls UPSERT_WITH_….
Result<std::string> parse_strategy(std::string_view text) {
  if (text == "keep") return std::string("UPSERT_WITH_UNCHANGED_METADATA");
  if (text == "null") return std::string("UPSERT_WITH_NULLIFICATION");
  return invalid("`" + std::string(text) + "` is neither keep nor null");
}

/// Reads a tableSchema; a bare array is one of its columns.
Result<std::string> read_schema(std::string_view path) {
  const auto text = read_file(std::string(path), kSchemaBytesMax);
  if (!text) return invalid("`" + std::string(path) + "` can't be read");
  json::error_code code;
  auto parsed = json::parse(*text, code);
  if (code) return invalid("`" + std::string(path) + "` is not JSON: " + code.message());
  if (parsed.is_array()) parsed = json::object{{"columns", std::move(parsed)}};
  if (!parsed.is_object() || parsed.get_object().if_contains("columns") == nullptr) {
    return invalid("`" + std::string(path) +
                   "` holds no columns; it should read like "
                   R"([{"columnName": "ID", "columnType": "INTEGER"}, …])");
  }
  return json::serialize(parsed);
}

CLI::Option* add_files(CLI::App& app, const std::string& flags, const std::string& help,
                       std::vector<std::string>& target) {
  return app
      .add_option_function<std::vector<std::string>>(
          flags,
          [&target, flags](const std::vector<std::string>& words) {
            auto files = client::expand_files(words);
            if (!files) throw CLI::ValidationError(flags, files.error().public_message);
            target = *std::move(files);
          },
          help)
      ->type_name(flags.starts_with("--") ? "FILE" : "");
}

void define_files(CLI::App& app, PushOptions& options) {
  add_files(
      app, "FILE",
      "Files of one type, in the order of their rows. A quoted pattern ('2026-*.csv') stands for what it "
      "matches, sorted; - for standard input",
      options.files);
  add_files(app, "--delete",
            "Rows with the keys of the rows of these files go, after all FILEs; needs --keys",
            options.deletes)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add_value(app,
            {"--format", "PARQUET|CSV", kNoDefault, "Type of the files; without it, by .parquet or .csv"},
            Scope::kFlagOnly, options.format, word_of({"PARQUET", "CSV"}));
  add_value(app,
            {"--separator", "TEXT", kNoDefault, "CSV: between two fields (\\t is a tab); detected otherwise"},
            Scope::kFlagOnly, options.separator, parse_sequence);
  add_value(app, {"--quote", "TEXT", kNoDefault, "CSV: around a field; detected otherwise"}, Scope::kFlagOnly,
            options.quote, parse_sequence);
  add_value(app, {"--escape", "TEXT", kNoDefault, "CSV: before a quote within a field; detected otherwise"},
            Scope::kFlagOnly, options.escape, parse_sequence);
}

void define_target(CLI::App& app, PushOptions& options) {
  define_pool_choice(app, options.pool);
  add_switch(app, {"--create-pool", "", "", "Create the pool if there is none of that name"},
             Scope::kFlagOnly, options.create_pool);
  define_connection_choice(app, "The data connection that the table belongs to; none for a global table",
                           options.data_connection);
  add_switch(app,
             {"--create-connection", "", "", "Create the data connection if the pool has none of that name"},
             Scope::kFlagOnly, options.create_connection);
  add_text(app, {"--table", "NAME", kNoDefault, "The table to push into"}, Scope::kFlagOnly,
           [&options](std::string text) { options.table = std::move(text); })
      ->required();
  add_value(app,
            {"--type", "REPLACE|DELTA", kNoDefault,
             "REPLACE: the table holds exactly these rows afterwards. DELTA: they are added, or with --keys "
             "upserted"},
            Scope::kFlagOnly, options.type, word_of({"REPLACE", "DELTA"}))
      ->required();
  add_text(app,
           {"--keys", "A,B", kNoDefault, "Key columns: a later row replaces an earlier one of the same key"},
           Scope::kFlagOnly, [&options](const std::string& text) { options.keys = split_list(text); });
  add_value(app,
            {"--schema", "FILE", kNoDefault,
             "JSON with the columns and their types, as the API's tableSchema has them; found in the data "
             "otherwise"},
            Scope::kFlagOnly, options.schema, read_schema);
  add_value(
      app,
      {"--upsert-strategy", "keep|null", kNoDefault,
       "What becomes of a column that the files lack, in rows that are there: it keeps its value (keep, "
       "the server's default) or becomes null"},
      Scope::kFlagOnly, options.upsert_strategy, parse_strategy);
  add_value(app,
            {"--fallback-varchar-length", "N", kNoDefault,
             "Declared length of texts without one; longer ones are kept whole and counted"},
            Scope::kFlagOnly, options.fallback_varchar_length,
            [](std::string_view text) { return parse_count(text, 1); });
  add_text(app,
           {"--change-date", "TIME", kNoDefault,
            "_CELONIS_CHANGE_DATE of the rows: ISO 8601, or milliseconds since 1970; now otherwise"},
           Scope::kFlagOnly, [&options](std::string text) { options.change_date = std::move(text); });
  add_text(app, {"--foreign-keys", "TEXT", kNoDefault, "Kept with the job, for tools that ask for it"},
           Scope::kFlagOnly, [&options](std::string text) { options.foreign_keys = std::move(text); });
}

void define_sending(CLI::App& app, PushOptions& options) {
  add_value(
      app,
      {"--chunk-bytes-max", "SIZE", size_text(options.chunk_bytes_max),
       "A larger file is cut: CSV between records, Parquet between row groups. Not above the server's own "
       "--chunk-bytes-max"},
      Scope::kFlagOnly, options.chunk_bytes_max, [](std::string_view text) -> Result<std::uint64_t> {
        ADIT_TRY(const auto size, parse_size(text));
        if (size < kPieceBytesMin || size > kPieceBytesMax)
          return invalid("`" + std::string(text) + "` is not between 1KiB and 1TiB");
        return size;
      });
  add_value(
      app, {"--uploads-max", "N", std::to_string(options.uploads_max), "Chunks that are sent side by side"},
      Scope::kFlagOnly, options.uploads_max, [](std::string_view text) { return parse_count(text, 1, 64); });
  add_value(app,
            {"--retry-seconds", "N", std::to_string(options.retry_time.count()),
             "How long a request is tried again that failed for a passing reason; 0 tries once"},
            Scope::kFlagOnly, options.retry_time,
            [](std::string_view text) { return parse_count(text, 0, 7 * 86'400); });
}

}  // namespace

void define_push(CLI::App& root, CommandBook& book) {
  CLI::App* app = root.add_subcommand("push", "Push Parquet or CSV files into a table, as one job");
  auto& options = book.add<PushOptions>(app);
  define_files(*app, options);
  define_target(*app, options);
  define_sending(*app, options);
  define_json(*app, options.json);
  add_switch(*app, {"-q,--quiet", "", "", "Print errors only"}, Scope::kFlagOnly, options.quiet);
  define_connection(*app, options.connection);
  app->final_callback([&options] {
    if (options.files.empty() && options.deletes.empty()) throw CLI::RequiredError("FILE");
    if (options.create_connection && !options.data_connection) {
      throw CLI::ValidationError("--create-connection", "goes with --connection, which names it");
    }
    if (!options.deletes.empty() && options.type == "REPLACE") {
      throw CLI::ValidationError("--delete", "a REPLACE has no rows to delete; use --type DELTA");
    }
  });
  app->footer(
      "All or nothing: the table changes in one step when the job is done, and not at all if it fails.\n\n"
      "Waits for the job to end: 0 it is DONE, 4 it ended in ERROR, 5 somebody canceled it. Ctrl-C cancels "
      "it and "
      "waits for that (130); a second Ctrl-C leaves at once.\n\n"
      "Tried again, with growing pauses and as late as a Retry-After asks for: lost connections and the "
      "answers 408, "
      "429, 502, 503, 504. Every request carries a key by which the server knows it again, so nothing lands "
      "twice.\n\n"
      "Progress goes to standard error: a line that moves on a terminal, plain lines elsewhere. --json "
      "prints one "
      "object on standard output, also for a push that failed.\n\n"
      "Examples:\n"
      "  adit push orders.parquet --pool Sales --table ORDERS --type REPLACE --create-pool\n"
      "  adit push 'export/2026-*.csv' --pool Sales --table ORDERS --type DELTA --keys ORDER_ID\n"
      "  adit push orders.csv --pool Sales --connection ERP --table ORDERS --type REPLACE\n"
      "  adit push --delete gone.csv --pool Sales --table ORDERS --type DELTA --keys ORDER_ID\n"
      "  zcat log.csv.gz | adit push - --pool Sales --table LOG --type DELTA --separator ';'\n"
      "  adit push big.csv --pool Sales --table ORDERS --type REPLACE --json --url https://adit.example "
      "--key …");
}

}  // namespace adit
