#include "faults/good_client.h"

#include <algorithm>
#include <exception>
#include <thread>

namespace adit::test {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

std::string pool_of(const Server& server) {
  auto http = server.http();
  return create_pool(http, "good");
}

}  // namespace

GoodClient::GoodClient(const Server& server)
    : address_(server.address()), key_(server.admin_key()), pool_(pool_of(server)) {}

void GoodClient::push_once(GoodWork& work) {
  const auto begin = Clock::now();
  auto step = begin;
  const auto took = [&] {
    work.requests.ms.push_back(ms_since(step));
    step = Clock::now();
  };
  PoolClient client(Http(address_, key_), pool_);
  const auto job = client.create_job(csv_job("DELTA", "good"));
  took();
  client.upload(job, "n\n" + std::to_string(pushed_) + "\n");
  took();
  client.execute(job);
  took();
  const auto status = field(client.wait(job), "status");
  if (status != "DONE") throw std::runtime_error("job " + job + " is not DONE");
  work.pushes.ms.push_back(ms_since(begin));
  step = Clock::now();
  ++pushed_;
  if (client.http().get("/integration/api/pools").status != 200) throw std::runtime_error("no list of pools");
  took();
}

GoodWork GoodClient::work(std::chrono::milliseconds time, std::size_t pushes_min) {
  GoodWork work;
  const auto end = Clock::now() + time;
  constexpr std::size_t kFailuresMax = 100;
  while ((Clock::now() < end || work.pushes.ms.size() < pushes_min) && work.failures.size() < kFailuresMax) {
    try {
      push_once(work);
    } catch (const std::exception& error) {
      work.failures.emplace_back(error.what());
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  std::ranges::sort(work.requests.ms);
  std::ranges::sort(work.pushes.ms);
  return work;
}

std::string GoodClient::check() {
  PoolClient client(Http(address_, key_), pool_);
  const auto deadline = Clock::now() + std::chrono::seconds(30);
  auto answer = client.try_query("SELECT count(*), count(DISTINCT n) FROM good");
  while (answer.status == 503 && Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    answer = client.try_query("SELECT count(*), count(DISTINCT n) FROM good");
  }
  if (answer.status != 200)
    return "the query was answered " + std::to_string(answer.status) + " " + answer.body;
  const auto rows = client.rows("SELECT count(*), count(DISTINCT n) FROM good");
  const auto expected = std::to_string(pushed_);
  if (rows == Rows{{expected, expected}}) return {};
  return "of " + expected + " rows there are " + rows.at(0).at(0) + ", " + rows.at(0).at(1) +
         " of them different";
}

}  // namespace adit::test
