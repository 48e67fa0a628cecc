#include "app/options.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "app/option_values.h"

namespace adit {
namespace {

// Runs the parser with variables and a configuration file, and takes both away again.
class CommandLine : public testing::Test {
 protected:
  ~CommandLine() override {
    for (const auto& [name, value] : variables_) ::unsetenv(name.c_str());
    std::filesystem::remove(file_);
  }

  void with_variable(const std::string& name, const std::string& value) {
    variables_[name] = value;
    ::setenv(name.c_str(), value.c_str(), 1);
  }
  std::string with_file(const std::string& content) {
    std::ofstream(file_) << content;
    return file_.string();
  }
  std::variant<Command, ExitCode> parse(std::vector<std::string> words) {
    std::vector<const char*> argv{"adit"};
    for (const auto& word : words) argv.push_back(word.c_str());
    out_.str("");
    err_.str("");
    return parse_command_line(static_cast<int>(argv.size()), argv.data(), out_, err_);
  }
  template <class Options>
  Options parsed(const std::vector<std::string>& words) {
    const auto result = parse(words);
    if (const auto* command = std::get_if<Command>(&result)) {
      if (const auto* options = std::get_if<Options>(command)) return *options;
    }
    ADD_FAILURE() << "no such command was read: " << err_.str();
    return {};
  }
  void expect_usage_error(const std::vector<std::string>& words, const std::string& part) {
    const auto result = parse(words);
    const auto* code = std::get_if<ExitCode>(&result);
    ASSERT_TRUE(code != nullptr) << "was accepted";
    EXPECT_EQ(*code, ExitCode::kUsage);
    EXPECT_NE(err_.str().find(part), std::string::npos) << err_.str();
  }

  std::ostringstream out_;
  std::ostringstream err_;

 private:
  std::map<std::string, std::string> variables_;
  std::filesystem::path file_ =
      std::filesystem::temp_directory_path() / ("adit-options-" + std::to_string(::getpid()) + ".toml");
};

TEST_F(CommandLine, ServeHasTheDocumentedDefaults) {
  const auto options = parsed<ServeOptions>({"serve"});
  EXPECT_EQ(options.data, "data");
  EXPECT_EQ(options.listen, "127.0.0.1:8080");
  EXPECT_EQ(options.tls_listen, "127.0.0.1:8443");
  EXPECT_EQ(options.chunk_bytes_max, 1073741824U);
  EXPECT_EQ(options.chunk_retention, std::chrono::hours(168));
  EXPECT_GE(options.memory_bytes_max, 64U << 20);
  EXPECT_FALSE(options.metrics_public);
  EXPECT_TRUE(options.execute_limits);
  EXPECT_EQ(options.audit_retention.count(), 0) << "for ever";
}

TEST_F(CommandLine, AFlagBeatsAVariableWhichBeatsTheFile) {
  const auto file = with_file("workers = 5\nstages-max = 6\nlandings-max = 7\n");
  with_variable("ADIT_WORKERS", "8");
  with_variable("ADIT_STAGES_MAX", "9");
  const auto options = parsed<ServeOptions>({"serve", "--config", file, "--workers", "10"});
  EXPECT_EQ(options.workers, 10U);
  EXPECT_EQ(options.stages_max, 9U);
  EXPECT_EQ(options.landings_max, 7U);
}

TEST_F(CommandLine, TheFileTakesEveryKindOfSetting) {
  const auto file = with_file(
      "# a comment\n"
      "data = \"/srv/adit\"\n"
      "tls-listen = \"off\"\n"
      "tls-name = [\"a.example\", \"10.0.0.1\"]\n"
      "log-level = \"debug\"\n"
      "log-format = 'json'\n"
      "metrics-public = true\n"
      "memory-bytes-max = \"3 GiB\"\n"
      "head-timeout-ms = 1500\n");
  with_variable("ADIT_CONFIG", file);
  const auto options = parsed<ServeOptions>({"serve"});
  EXPECT_EQ(options.data, "/srv/adit");
  EXPECT_FALSE(options.tls_listen.has_value());
  EXPECT_EQ(*options.tls_names, (std::vector<std::string>{"a.example", "10.0.0.1"}));
  EXPECT_EQ(options.log_level, log::Level::kDebug);
  EXPECT_EQ(options.log_format, log::Format::kJson);
  EXPECT_TRUE(options.metrics_public);
  EXPECT_EQ(options.memory_bytes_max, 3ULL << 30);
  EXPECT_EQ(options.head_timeout, std::chrono::milliseconds(1500));
}

TEST_F(CommandLine, AnUnknownKeyInTheFileIsAnErrorThatNamesTheNearest) {
  const auto file = with_file("worker = 5\n");
  expect_usage_error({"serve", "--config", file}, "did you mean `workers`?");
}

TEST_F(CommandLine, ASectionInTheFileIsAnError) {
  const auto file = with_file("[serve]\nworkers = 5\n");
  expect_usage_error({"serve", "--config", file}, "serve.workers");
}

TEST_F(CommandLine, AFileThatIsNotThereIsAnError) {
  expect_usage_error({"serve", "--config", "/nonexistent/adit.toml"}, "/nonexistent/adit.toml");
}

TEST_F(CommandLine, AWrongValueInTheFileNamesTheFileAndTheSetting) {
  const auto file = with_file("workers = \"many\"\n");
  expect_usage_error({"serve", "--config", file}, file);
  expect_usage_error({"serve", "--config", file}, "--workers");
}

TEST_F(CommandLine, AnUnknownVariableIsAnErrorThatNamesTheNearest) {
  with_variable("ADIT_TLS_LISTEM", "off");
  expect_usage_error({"serve"}, "did you mean ADIT_TLS_LISTEN?");
  expect_usage_error({"pool", "list"}, "ADIT_TLS_LISTEM");
}

TEST_F(CommandLine, VariablesOfOtherCommandsAndTheFailpointAreNoErrors) {
  with_variable("ADIT_URL", "http://127.0.0.1:1");
  with_variable("ADIT_FAILPOINT", "nowhere");
  EXPECT_EQ(parsed<ServeOptions>({"serve"}).workers, 32U);
  EXPECT_EQ(parsed<PoolListOptions>({"pool", "list"}).connection.url, "http://127.0.0.1:1");
}

TEST_F(CommandLine, AWrongVariableValueIsAnError) {
  with_variable("ADIT_WORKERS", "0");
  expect_usage_error({"serve"}, "between 1 and 4096");
}

TEST_F(CommandLine, ValuesOutOfBoundsAreErrors) {
  expect_usage_error({"serve", "--listen", "8080"}, "HOST:PORT");
  expect_usage_error({"serve", "--listen", "127.0.0.1:65536"}, "HOST:PORT");
  expect_usage_error({"serve", "--workers", "-1"}, "--workers");
  expect_usage_error({"serve", "--chunk-bytes-max", "1"}, "1KiB");
  expect_usage_error({"serve", "--log-level", "verbose"}, "debug, info, warning, error, off");
  expect_usage_error({"serve", "--nonsense"}, "--nonsense");
  expect_usage_error({"serve", "--worker=3"}, "did you mean --workers?");
  expect_usage_error({"serve", "stray"}, "stray");
  expect_usage_error({"nonsense"}, "nonsense");
}

TEST_F(CommandLine, ServeReadsWhereItStands) {
  const auto options = parsed<ServeOptions>({"serve", "--public-url", "https://adit.example:443/push/",
                                             "--trusted-proxy", "10.0.0.0/8, ::1", "--hsts", "600"});
  EXPECT_EQ(options.public_url, "https://adit.example/push");
  EXPECT_EQ(options.trusted_proxies, (std::vector<http::IpNetwork>{*http::IpNetwork::parse("10.0.0.0/8"),
                                                                   *http::IpNetwork::parse("::1")}));
  EXPECT_EQ(options.hsts_age, std::chrono::seconds(600));
  EXPECT_FALSE(parsed<ServeOptions>({"serve"}).hsts_age.has_value());
  EXPECT_TRUE(parsed<ServeOptions>({"serve"}).trusted_proxies.empty());
  const std::vector<std::string> twice{"serve", "--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "::1"};
  EXPECT_EQ(parsed<ServeOptions>(twice).trusted_proxies, options.trusted_proxies);
  const auto lists =
      parsed<ServeOptions>({"serve", "--tls-name", "a.example", "--tls-name", "b.example,::1",
                            "--cors-origins", "https://a.example", "--cors-origins", "https://b.example"});
  EXPECT_EQ(lists.tls_names, (std::vector<std::string>{"a.example", "b.example", "::1"}));
  EXPECT_EQ(lists.cors_origins, (std::vector<std::string>{"https://a.example", "https://b.example"}));
  auto printed = twice;
  printed.emplace_back("--print-config");
  ASSERT_EQ(std::get<ExitCode>(parse(printed)), ExitCode::kOk);
  EXPECT_NE(out_.str().find("\ntrusted-proxy = \"10.0.0.0/8,::1\"\n"), std::string::npos) << out_.str();
  for (const char* url :
       {"adit.example", "ftp://adit.example", "https://", "https://a/b?c=d", "https://u@a"}) {
    expect_usage_error({"serve", "--public-url", url}, "--public-url");
  }
  expect_usage_error({"serve", "--trusted-proxy", "10.0.0.1/8"}, "10.0.0.0/8");
  expect_usage_error({"serve", "--trusted-proxy", "proxy.example"}, "192.168.1.7");
  expect_usage_error({"serve", "--hsts", "always"}, "--hsts");
}

TEST_F(CommandLine, ACertificateNeedsItsKeyAndAKeyItsCertificate) {
  const auto options = parsed<ServeOptions>({"serve", "--tls-cert", "c.pem", "--tls-key", "k.pem"});
  EXPECT_EQ(options.tls_certificate, "c.pem");
  EXPECT_EQ(options.tls_key, "k.pem");
  expect_usage_error({"serve", "--tls-cert", "c.pem"}, "--tls-key");
  expect_usage_error({"serve", "--tls-key", "k.pem"}, "--tls-cert");
  const auto file = with_file("tls-cert = \"c.pem\"\ntls-key = \"k.pem\"\n");
  EXPECT_EQ(parsed<ServeOptions>({"serve", "--config", file}).tls_key, "k.pem");
  expect_usage_error({"serve", "--config", with_file("tls-cert = \"c.pem\"\n")}, "--tls-key");
}

TEST_F(CommandLine, PrintedSettingsAreAFileThatGivesTheSameSettings) {
  const auto printed = parse({"serve", "--workers", "7", "--tls-listen", "off", "--print-config"});
  ASSERT_EQ(std::get<ExitCode>(printed), ExitCode::kOk);
  const auto file = with_file(out_.str());
  const auto options = parsed<ServeOptions>({"serve", "--config", file});
  EXPECT_EQ(options.workers, 7U);
  EXPECT_FALSE(options.tls_listen.has_value());
  EXPECT_EQ(options.tls_names, ServeOptions{}.tls_names);
  EXPECT_EQ(options.memory_bytes_max, parsed<ServeOptions>({"serve"}).memory_bytes_max);
  EXPECT_EQ(options.chunk_bytes_max, ServeOptions{}.chunk_bytes_max);
}

TEST_F(CommandLine, PushReadsItsOptions) {
  const auto file = with_file("a\n1\n");
  const auto options =
      parsed<PushOptions>({"push", file, file, "--pool", "Sales", "--table", "ORDERS", "--type", "delta",
                           "--keys", "A, B", "--separator", "\\t", "--quiet"});
  EXPECT_EQ(options.files.size(), 2U);
  EXPECT_EQ(options.type, "DELTA");
  EXPECT_EQ(options.keys, (std::vector<std::string>{"A", "B"}));
  EXPECT_EQ(options.separator, "\t");
  EXPECT_TRUE(options.quiet);
  EXPECT_FALSE(options.format.has_value());
}

TEST_F(CommandLine, PushWithoutATypeIsAnError) {
  const auto file = with_file("a\n1\n");
  expect_usage_error(
      {"push", file, "--pool", "p", "--table", "t"},
      "--type REPLACE|DELTA is required. REPLACE: the table holds exactly these rows afterwards");
  expect_usage_error({"push", file, "--pool", "p", "--table", "t", "--type", "append"}, "REPLACE or DELTA");
}

TEST_F(CommandLine, PushReadsASchemaAndNamesWhatIsWrongWithOne) {
  const auto file = with_file("[{\"columnName\": \"a\", \"columnType\": \"STRING\"}]");
  const std::vector<std::string> words{"push", "-",      "--pool", "p",       "--table",
                                       "t",    "--type", "DELTA",  "--schema"};
  const auto with = [&](const std::string& path) {
    auto all = words;
    all.push_back(path);
    return all;
  };
  EXPECT_EQ(parsed<PushOptions>(with(file)).schema,
            R"({"columns":[{"columnName":"a","columnType":"STRING"}]})");
  with_file("{\"columns\": []}");
  EXPECT_EQ(parsed<PushOptions>(with(file)).schema, R"({"columns":[]})");
  with_file("{}");
  expect_usage_error(with(file), "holds no columns");
  with_file("[");
  expect_usage_error(with(file), "is not JSON");
  expect_usage_error(with("/nonexistent"), "can't be read");
}

TEST_F(CommandLine, PushTakesFilesToDeleteByAndNeedsSomeFile) {
  const auto file = with_file("a\n1\n");
  const std::vector<std::string> words{"push", "--pool", "p", "--table", "t", "--keys", "a"};
  auto all = words;
  all.insert(all.end(), {"--type", "DELTA", "--delete", file, "--delete", file, file});
  const auto options = parsed<PushOptions>(all);
  EXPECT_EQ(options.files.size(), 1U);
  EXPECT_EQ(options.deletes.size(), 2U);
  all = words;
  all.insert(all.end(), {"--type", "DELTA"});
  expect_usage_error(all, "FILE");
  all = words;
  all.insert(all.end(), {"--type", "REPLACE", "--delete", file});
  expect_usage_error(all, "use --type DELTA");
}

TEST_F(CommandLine, TheMarkdownNamesEveryCommandAndIsTheSameOnEveryMachine) {
  ASSERT_EQ(std::get<ExitCode>(parse({"--help-markdown"})), ExitCode::kOk);
  for (const auto* part :
       {"## adit serve\n", "## adit key import\n", "`ADIT_URL`", "half of the machine's"}) {
    EXPECT_NE(out_.str().find(part), std::string::npos) << part;
  }
}

TEST_F(CommandLine, TheSettingsPageHasWhatThePrintedConfigurationHas) {
  ASSERT_EQ(std::get<ExitCode>(parse({"--settings-markdown"})), ExitCode::kOk);
  const std::string page = out_.str();
  ASSERT_EQ(std::get<ExitCode>(parse({"serve", "--print-config"})), ExitCode::kOk);
  std::istringstream printed(out_.str());
  int settings = 0;
  for (std::string line; std::getline(printed, line);) {
    const auto equals = line.find(" = ");
    if (!line.starts_with('#') || line.starts_with("# ") || equals == std::string::npos) continue;
    ++settings;
    EXPECT_NE(page.find("| `" + line.substr(1, equals - 1) + "` |"), std::string::npos) << line;
  }
  EXPECT_GT(settings, 20);
}

TEST_F(CommandLine, QueryTakesADashAndSqlWithCommas) {
  EXPECT_EQ(parsed<QueryOptions>({"query", "--pool", "p", "-"}).sql, "-");
  EXPECT_EQ(parsed<QueryOptions>({"query", "--pool", "p", "SELECT a, b FROM t"}).sql, "SELECT a, b FROM t");
}

TEST_F(CommandLine, HelpAndVersionEndWithZero) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"--help"},
                                                                 {"serve", "--help"},
                                                                 {"push", "--help"},
                                                                 {"query", "--help"},
                                                                 {"key", "create", "--help"}}) {
    EXPECT_EQ(std::get<ExitCode>(parse(words)), ExitCode::kOk);
    EXPECT_NE(out_.str().find("Example"), std::string::npos) << words.front();
  }
  EXPECT_EQ(std::get<ExitCode>(parse({"--version"})), ExitCode::kOk);
  EXPECT_EQ(out_.str(), "adit " ADIT_VERSION "\n");
}

TEST_F(CommandLine, NoCommandIsAUsageError) {
  EXPECT_EQ(std::get<ExitCode>(parse({})), ExitCode::kUsage);
  expect_usage_error({"key"}, "adit key --help");
}

TEST(OptionValues, SizesHaveUnitsOfBothKinds) {
  EXPECT_EQ(*parse_size("1000"), 1000U);
  EXPECT_EQ(*parse_size("2 kB"), 2000U);
  EXPECT_EQ(*parse_size("2KiB"), 2048U);
  EXPECT_EQ(*parse_size("1tb"), 1'000'000'000'000U);
  for (const auto* text : {"", "KiB", "1.5GiB", "-1", "1 parsec", "99999999999TiB"})
    EXPECT_FALSE(parse_size(text)) << text;
  EXPECT_EQ(size_text(1ULL << 30), "1GiB");
  EXPECT_EQ(size_text(1500), "1500");
  EXPECT_EQ(size_text(0), "0");
}

TEST(OptionValues, RetentionsAreDaysOrHoursOrForEver) {
  EXPECT_EQ(*parse_retention("400d"), std::chrono::days(400));
  EXPECT_EQ(*parse_retention(" 36h "), std::chrono::hours(36));
  EXPECT_EQ(*parse_retention("off"), std::chrono::hours(0));
  EXPECT_EQ(*parse_retention("0"), std::chrono::hours(0));
  for (const auto* text : {"", "d", "400", "-1d", "1.5d", "10001d", "240001h", "1w"})
    EXPECT_FALSE(parse_retention(text)) << text;
  for (const auto* text : {"400d", "36h", "off"}) EXPECT_EQ(retention_text(*parse_retention(text)), text);
}

TEST(OptionValues, ListenAddressesMayBeIpv6) {
  EXPECT_TRUE(parse_listen("[::1]:0"));
  EXPECT_TRUE(parse_listen("localhost:80"));
  for (const auto* text : {"::1:80", "[]:80", ":80", "host", "host:", "host:-1", "host:8o"}) {
    EXPECT_FALSE(parse_listen(text)) << text;
  }
}

}  // namespace
}  // namespace adit
