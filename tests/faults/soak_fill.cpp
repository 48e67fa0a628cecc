#include "faults/soak_fill.h"

#include <chrono>

#include "support/push_client.h"

namespace adit::test {
namespace {

/// Parts that differ, for the engine does the same part only once.
std::string query_that_frees_many_blocks() {
  constexpr int kParts = 8;
  std::string sql;
  for (int i = 0; i < kParts; ++i) {
    if (i > 0) sql += " UNION ALL ";
    sql += "SELECT count(*) FROM (SELECT sum(range) OVER (PARTITION BY range % " + std::to_string(17 + i) +
           ") FROM range(" + std::to_string(100 + i) + "))";
  }
  return sql;
}

}  // namespace

SoakFill::SoakFill(const Server& server, const std::vector<std::string>& pools, int queries)
    : left_(static_cast<int>(pools.size()) * queries) {
  for (const auto& pool : pools) {
    threads_.emplace_back([this, &server, pool, queries] { fill(server, pool, queries); });
  }
}

void SoakFill::stop() {
  stopped_ = true;
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void SoakFill::fill(const Server& server, const std::string& pool, int queries) {
  PoolClient client(server.http(), pool);
  const auto sql = query_that_frees_many_blocks();
  while (queries > 0 && !stopped_) {
    HttpResponse answer;
    try {
      answer = client.try_query(sql);
    } catch (const std::exception& error) {
      answer.body = error.what();
    }
    if (answer.status == 200) {
      --queries;
      --left_;
    } else if (answer.status == 503) {  // all places for queries are taken
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    } else {
      const std::lock_guard lock(mutex_);
      failures_.push_back("filling: status " + std::to_string(answer.status) + ", " +
                          answer.body.substr(0, 300));
      left_ -= queries;
      return;
    }
  }
}

}  // namespace adit::test
