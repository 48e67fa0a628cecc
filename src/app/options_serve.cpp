// The settings of `adit serve`.
#include <array>
#include <utility>

#include "app/option_binding.h"
#include "app/option_definitions.h"
#include "app/option_values.h"

namespace adit {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::uint64_t kKibibyte = 1ULL << 10;
constexpr std::uint64_t kMebibyte = 1ULL << 20;
constexpr std::uint64_t kTebibyte = 1ULL << 40;
constexpr std::uint64_t kDayMs = 86'400'000;

auto size_between(std::uint64_t min, std::uint64_t max) {
  return [min, max](std::string_view text) -> Result<std::uint64_t> {
    ADIT_TRY(const auto size, parse_size(text));
    if (size < min || size > max) {
      return invalid("`" + std::string(text) + "` is not between " + size_text(min) + " and " +
                     size_text(max));
    }
    return size;
  };
}

auto count_between(std::uint64_t min, std::uint64_t max) {
  return [min, max](std::string_view text) { return parse_count(text, min, max); };
}

template <class Value, std::size_t size>
auto one_of(const std::array<std::pair<std::string_view, Value>, size>& words) {
  return [words](std::string_view text) -> Result<Value> {
    std::string known;
    for (const auto& [word, value] : words) {
      if (word == text) return value;
      known += (known.empty() ? "" : ", ") + std::string(word);
    }
    return invalid("`" + std::string(text) + "` is none of " + known);
  };
}

void add_size(CLI::App& app, std::string flag, std::uint64_t& target, std::uint64_t min, std::uint64_t max,
              std::string help) {
  const OptionText text{std::move(flag), "SIZE", size_text(target), std::move(help)};
  add_value(app, text, Scope::kSetting, target, size_between(min, max));
}

template <class Number>
void add_count(CLI::App& app, std::string flag, Number& target, std::uint64_t min, std::uint64_t max,
               std::string help) {
  const OptionText text{std::move(flag), "N", std::to_string(target), std::move(help)};
  add_value(app, text, Scope::kSetting, target, count_between(min, max));
}

template <class Duration>
void add_time(CLI::App& app, std::string flag, Duration& target, std::uint64_t min, std::uint64_t max,
              std::string help) {
  const char* unit = std::is_same_v<Duration, hours> ? "HOURS" : "MS";
  const OptionText text{std::move(flag), unit, std::to_string(target.count()), std::move(help)};
  add_value(app, text, Scope::kSetting, target, count_between(min, max));
}

void add_retention(CLI::App& app, std::string flag, std::chrono::hours& target, std::string help) {
  const OptionText text{std::move(flag), "TIME|off", retention_text(target),
                        std::move(help) + ". 400d, 36h; off is for ever"};
  add_value(app, text, Scope::kSetting, target, parse_retention);
}

void define_places(CLI::App& app, ServeOptions& options) {
  add_text(app,
           {"--data", "DIR", options.data.string(), "Folder of all data; one server at a time works in it"},
           Scope::kSetting, [&options](std::string text) { options.data = std::move(text); });
  add_text(app,
           {"--backup-folder", "DIR", "",
            "Folder into which `adit backup` makes backups while the server runs; without it, only when it "
            "is stopped"},
           Scope::kSetting, [&options](std::string text) { options.backup_folder = std::move(text); });
}

void define_log(CLI::App& app, ServeOptions& options) {
  using log::Format;
  using log::Level;
  constexpr std::array<std::pair<std::string_view, Level>, 5> kLevels{{{"debug", Level::kDebug},
                                                                       {"info", Level::kInfo},
                                                                       {"warning", Level::kWarning},
                                                                       {"error", Level::kError},
                                                                       {"off", Level::kOff}}};
  constexpr std::array<std::pair<std::string_view, Format>, 2> kFormats{
      {{"logfmt", Format::kLogfmt}, {"json", Format::kJson}}};
  add_value(
      app,
      {"--log-level", "LEVEL", "info", "What goes to standard error: debug, info, warning, error or off"},
      Scope::kSetting, options.log_level, one_of(kLevels));
  add_value(app, {"--log-format", "FORMAT", "logfmt", "Lines of logfmt or of json"}, Scope::kSetting,
            options.log_format, one_of(kFormats));
  add_switch(app, {"--metrics-public", "", "", "Answer GET /metrics without a key"}, Scope::kSetting,
             options.metrics_public);
}

void define_engine(CLI::App& app, ServeOptions& options) {
  options.memory_bytes_max = half_of_memory();
  add_size(app, "--chunk-bytes-max", options.chunk_bytes_max, kKibibyte, kTebibyte,
           "Largest chunk that is accepted, as it is after decompression");
  add_size(app, "--request-bytes-max", options.request_bytes_max, kKibibyte, 64 * kTebibyte,
           "Largest body of an upload, all its parts together");
  add_size(app, "--memory-bytes-max", options.memory_bytes_max, 64 * kMebibyte, 1024 * kTebibyte,
           "Memory that the engine may use in all pools together; half of the machine's unless it is set");
  add_value(app,
            {"--pool-disk-max", "SIZE|off", "off",
             "Disk that a pool without a quota of its own may use, chunks and tables together"},
            Scope::kSetting, options.pool_disk_bytes_max, [](std::string_view text) -> Result<std::uint64_t> {
              if (text == "off") return std::uint64_t{0};
              return size_between(kMebibyte, 1024 * kTebibyte)(text);
            });
  add_count(app, "--pools-open-max", options.pools_open_max, 1, 10'000,
            "Pools that are held open at a time; the least recently used one is closed");
  add_count(app, "--engine-threads", options.engine_threads, 0, 1024,
            "Threads of the engine; 0 is one per core");
  constexpr std::array<std::pair<std::string_view, bool>, 2> kTrueOrFalse{{{"true", true}, {"false", false}}};
  add_value(
      app,
      {"--engine-in-process", "true|false", "false",
       "Whether the engines run in the server's process. Else each pool's has a process of its own, shut in, "
       "whose end is not the server's; true takes less memory, and is simpler to debug"},
      Scope::kSetting, options.engine_in_process, one_of(kTrueOrFalse));
  add_count(app, "--stages-max", options.stages_max, 1, 256, "Large chunks that are parsed at the same time");
  add_size(app, "--held-chunk-bytes-max", options.held_chunk_bytes_max, 0, 64 * kMebibyte,
           "Chunks up to this size wait in memory, not in a staging table, until their job lands; 0 is none");
  add_count(app, "--landings-max", options.landings_max, 1, 256,
            "Jobs that land at the same time, on different tables; one pool alone has at most half of these "
            "places");
  add_count(
      app, "--stages-waiting-max", options.stages_waiting_max, 1, 10'000'000,
      "Jobs of a pool whose chunks wait to be parsed; beyond them uploads into it are answered 503 before "
      "their body");
  add_count(app, "--jobs-queued-max", options.jobs_queued_max, 1, 10'000'000,
            "Jobs of a pool that wait for their landing; beyond them executes in it are answered 503");
  add_time(app, "--chunk-retention-hours", options.chunk_retention, 0, 24 * 3650,
           "How long the file of a landed chunk is kept");
  add_time(app, "--expiry-interval-ms", options.expiry_interval, 1000, kDayMs,
           "Time between two looks for files, jobs and events whose time is over");
  add_retention(app, "--abandoned-job-retention", options.abandoned_job_retention,
                "How long a job that is NEW may go without a chunk or an execute; then it is CANCELED");
  add_retention(app, "--history-retention", options.history_retention,
                "How long an ended job is remembered; at least as long as its chunk files are kept");
  add_time(app, "--checkpoint-interval-ms", options.checkpoint_interval, 100, 86'400'000,
           "Longest time between a landing and the checkpoint of its pool");
}

void define_http(CLI::App& app, ServeOptions& options) {
  add_count(app, "--io-threads", options.io_threads, 1, 256, "Threads that read and write connections");
  add_count(app, "--workers", options.workers, 1, 4096, "Threads that handle requests");
  add_count(
      app, "--connections-max", options.connections_max, 1, 1'000'000,
      "Connections that are open at a time; beyond them those with the least to lose give way. Fewer where "
      "the system gives too few descriptors");
  add_size(app, "--body-memory-bytes-max", options.body_memory_bytes_max, kMebibyte, kTebibyte,
           "Memory for all bodies that are being received, beyond 16 to 64 KiB each");
  add_time(app, "--head-timeout-ms", options.head_timeout, 10, kDayMs,
           "Time from the first byte of a request's head to its last");
  add_time(app, "--idle-timeout-ms", options.idle_timeout, 10, kDayMs,
           "Time between two requests on a connection");
  add_time(app, "--read-timeout-ms", options.read_timeout, 10, kDayMs,
           "Time between two pieces of a request's body");
  add_time(app, "--write-timeout-ms", options.write_timeout, 10, kDayMs,
           "Time between two pieces of an answer");
  add_time(app, "--drain-timeout-ms", options.drain_timeout, 0, kDayMs,
           "Time that running requests have to end when the server is told to stop");
  add_count(app, "--body-bytes-per-second-min", options.body_bytes_per_second_min, 0, kTebibyte,
            "Average below which an upload is cut off, after one read time-out; 0 lets any pace pass");
  add_value(app,
            {"--cors-origins", "A,B", "",
             "Origins whose web pages may call this server from a browser: https://HOST[:PORT], or *"},
            Scope::kSetting, options.cors_origins, parse_origins)
      ->multi_option_policy(CLI::MultiOptionPolicy::Join)
      ->delimiter(',');
}

void define_team(CLI::App& app, ServeOptions& options) {
  constexpr std::array<std::pair<std::string_view, bool>, 2> kSwitch{{{"on", true}, {"off", false}}};
  add_value(app,
            {"--execute-limits", "on|off", "on",
             "Whether the team that the first start makes is held to 10 executes a second and 250 an hour; "
             "afterwards this is a setting of the team: PUT /adit/api/v1/team/limits"},
            Scope::kSetting, options.execute_limits, one_of(kSwitch));
  const OptionText text{"--audit-retention-days", "DAYS", std::to_string(options.audit_retention.count()),
                        "How long entries of the audit log are kept; 0 keeps them for ever"};
  add_value(app, text, Scope::kSetting, options.audit_retention, count_between(0, 36'500));
}

void define_queries(CLI::App& app, ServeOptions& options) {
  add_count(app, "--query-rows-max", options.query_rows_max, 1, 1'000'000'000,
            "Rows that one query may return");
  add_time(app, "--query-timeout-ms-max", options.query_timeout_max, 1, 86'400'000,
           "Time that one query may take");
  add_count(app, "--queries-max", options.queries_max, 1, 256, "Queries that run at the same time");
}

void define_events(CLI::App& app, ServeOptions& options) {
  add_count(app, "--event-streams-max", options.event_streams_max, 0, 1'000'000,
            "Streams of events that are open at a time; each takes one of the connections");
  add_count(app, "--event-streams-per-pool-max", options.event_streams_per_pool_max, 0, 1'000'000,
            "Streams of events of one pool and its jobs");
  add_time(app, "--event-heartbeat-ms", options.event_heartbeat, 100, 3'600'000,
           "Silence after which a stream of events sends a comment");
  add_retention(app, "--event-retention", options.event_retention,
                "How long events are kept for streams that go on after a break");
  add_count(app, "--events-kept-max", options.events_kept_max, 1000, 1'000'000'000,
            "Events that are kept at most; the oldest go first");
}

}  // namespace

CLI::App* define_serve(CLI::App& root, ServeOptions& options, ServeFlags& flags) {
  CLI::App* app = root.add_subcommand("serve", "Run the server on a data folder");
  define_places(*app, options);
  define_network(*app, options);
  define_log(*app, options);
  define_engine(*app, options);
  define_http(*app, options);
  define_queries(*app, options);
  define_team(*app, options);
  define_events(*app, options);

  CLI::Option* config =
      add_text(*app, {"--config", "FILE", "", "Read settings from this TOML file"}, Scope::kSetting,
               [&flags](std::string path) { flags.config = std::move(path); });
  config->configurable(false);
  add_switch(*app, {"--print-config", "", "", "Print all settings as a configuration file, and end"},
             Scope::kFlagOnly, flags.print_config)
      ->configurable(false);
  // Runs when the flags and the variables have been read and before anything is checked across options.
  app->parse_complete_callback([app, &flags] {
    if (!flags.config.empty()) apply_file(*app, flags.config);
  });
  app->footer(
      "A flag beats its variable, which beats the file. SIGTERM and SIGINT end the server cleanly; SIGHUP "
      "lets it\n"
      "read its certificate again.\n\n"
      "Examples:\n"
      "  adit serve\n"
      "  adit serve --data /var/lib/adit --listen 0.0.0.0:8080 --tls-listen off\n"
      "  adit serve --tls-listen 0.0.0.0:8443 --tls-cert chain.pem --tls-key key.pem\n"
      "  adit serve --public-url https://adit.example --trusted-proxy 127.0.0.1,::1\n"
      "  ADIT_LOG_FORMAT=json adit serve --config /etc/adit.toml\n"
      "  adit serve --print-config > adit.toml");
  return app;
}

}  // namespace adit
