#include "small_jobs.h"

#include <chrono>
#include <exception>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "bench_data.h"

namespace adit::bench {
namespace {

constexpr double kMillisecondsPerSecond = 1e3;

/// In milliseconds.
double run_job(test::PoolClient& client, const std::string& table, const std::string& rows) {
  const auto job = client.create_job(test::csv_job("DELTA", table));
  if (const auto sent = client.http().upload_raw(client.chunks_path(job), rows, "text/csv");
      sent.status != 200) {
    throw std::runtime_error("upload: status " + std::to_string(sent.status) + ", " + sent.body);
  }
  const auto begin = SteadyClock::now();
  client.execute(job);
  std::string status;
  do {
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
    status = client.status(job);
  } while (!test::is_final_status(status));
  const auto seconds = seconds_between(begin, SteadyClock::now());
  if (status != "DONE") throw std::runtime_error("a small job ended in " + status);
  return seconds * kMillisecondsPerSecond;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string table_name(int connection) { return "small_" + std::to_string(connection); }

}  // namespace

SmallJobClients::SmallJobClients(AditServer& server, std::string pool, const std::filesystem::path& rows,
                                 int connections)
    : server_(server), pool_(std::move(pool)), rows_(text_of(rows)), connections_(connections) {}

SmallJobs SmallJobClients::run(int jobs) {
  std::atomic<int> left{jobs};
  return run_while([&left] { return left.fetch_sub(1) > 0; });
}

SmallJobs SmallJobClients::run_until(const std::atomic<bool>& stop) {
  return run_while([&stop] { return !stop.load(); });
}

template <class More>
SmallJobs SmallJobClients::run_while(More more) {
  std::vector<std::vector<double>> latencies(static_cast<std::size_t>(connections_));
  std::vector<std::exception_ptr> failures(latencies.size());
  std::atomic<bool> failed{false};
  const auto begin = SteadyClock::now();
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < latencies.size(); ++i) {
      threads.emplace_back([&, i] {
        try {
          test::PoolClient client(server_.server().http(), pool_);
          while (!failed && more())
            latencies[i].push_back(run_job(client, table_name(static_cast<int>(i)), rows_));
        } catch (...) {
          failures[i] = std::current_exception();
          failed = true;
        }
      });
    }
  }
  const auto seconds = seconds_between(begin, SteadyClock::now());
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  SmallJobs result;
  for (const auto& each : latencies)
    result.latencies.insert(result.latencies.end(), each.begin(), each.end());
  result.jobs_per_second = static_cast<double>(result.latencies.size()) / seconds;
  done_ += static_cast<std::int64_t>(result.latencies.size());
  return result;
}

void SmallJobClients::check_rows() {
  std::string sum;
  for (int i = 0; i < connections_; ++i) {
    sum += (i == 0 ? "SELECT " : " + ") + std::string("(SELECT count(*) FROM ") + table_name(i) + ")";
  }
  test::PoolClient client(server_.server().http(), pool_);
  if (client.value(sum) != std::to_string(done_ * kSmallRows))
    throw std::runtime_error("small jobs lost rows");
}

}  // namespace adit::bench
