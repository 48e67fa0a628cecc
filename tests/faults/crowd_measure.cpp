#include "faults/crowd_measure.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "support/test_data.h"

namespace adit::test {
namespace {

using Clock = std::chrono::steady_clock;

/// What sockets of the server's own come and go while nothing happens.
constexpr std::size_t kDescriptorsSlack = 16;
constexpr std::size_t kThreadsSlack = 4;
/// The engine and the catalog work for the good client meanwhile, and the allocator keeps what it got.
constexpr std::size_t kGrowthBytesOfWork = 96U << 20;

void keep_most(ProcessSample& most, const ProcessSample& now) {
  most.resident_bytes = std::max(most.resident_bytes, now.resident_bytes);
  most.descriptors = std::max(most.descriptors, now.descriptors);
  most.threads = std::max(most.threads, now.threads);
}

/// Looks at the process twice a second.
class Sampler {
 public:
  explicit Sampler(pid_t process) : process_(process), thread_([this] { work(); }) {}
  ~Sampler() { stop(); }
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  ProcessSample stop() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
    return most_;
  }

 private:
  void work() {
    while (!stopped_) {
      keep_most(most_, sample_process(process_));
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
    keep_most(most_, sample_process(process_));
  }

  const pid_t process_;
  std::atomic<bool> stopped_ = false;
  ProcessSample most_;
  std::thread thread_;
};

void await_arrival(const Crowd& crowd, std::size_t connections, std::chrono::milliseconds time) {
  const auto deadline = Clock::now() + time;
  while (crowd.open() < connections && Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

void settle(const Server& server, CrowdFigures& figures, std::chrono::milliseconds time) {
  const auto begin = Clock::now();
  const auto settled = [&] {
    figures.after = sample_process(server.pid());
    return figures.after.descriptors <= figures.before.descriptors + kDescriptorsSlack &&
           figures.after.threads <= figures.before.threads + kThreadsSlack;
  };
  while (!settled()) {
    if (Clock::now() - begin > time) {
      figures.violations.push_back("not given back: " + std::to_string(figures.after.descriptors) +
                                   " descriptors of " + std::to_string(figures.before.descriptors) + ", " +
                                   std::to_string(figures.after.threads) + " threads of " +
                                   std::to_string(figures.before.threads));
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  figures.settled_seconds = std::chrono::duration<double>(Clock::now() - begin).count();
}

void judge(CrowdFigures& figures, GoodClient& good, const CrowdMeasure& measure) {
  auto& violations = figures.violations;
  for (const auto* work : {&figures.alone, &figures.beside}) {
    for (const auto& failure : work->failures) violations.push_back("the good client: " + failure);
  }
  if (auto wrong = good.check(); !wrong.empty()) violations.push_back("the good client's rows: " + wrong);
  const auto bound = growth_bytes_max(measure.crowd.kinds, measure.crowd.connections);
  const auto growth =
      figures.most.resident_bytes - std::min(figures.before.resident_bytes, figures.most.resident_bytes);
  if (growth > bound) {
    violations.push_back("memory grew by " + std::to_string(growth >> 20U) + " MiB; the bound is " +
                         std::to_string(bound >> 20U));
  }
  if (figures.counts.second_answers > 0) violations.emplace_back("a smuggled request was answered");
  if (figures.counts.unavailable_without_retry_after > 0)
    violations.emplace_back("a 503 without Retry-After");
}

}  // namespace

std::size_t growth_bytes_max(const std::vector<PeerKind>& kinds, std::size_t connections) {
  // A head may have 32 KiB, and is held once as it came and once as its fields; a body waits in two blocks of
  // 512 KiB. The rest is the connection's own: frames of its coroutines, its TLS state.
  constexpr std::size_t kOfAHead = 128U << 10;
  constexpr std::size_t kOfABody = (1U << 20) + (256U << 10);
  const bool bodies = std::ranges::any_of(kinds, [](PeerKind kind) {
    return kind == PeerKind::kSlowBody || kind == PeerKind::kReset || kind == PeerKind::kSmuggling;
  });
  return connections * (bodies ? kOfABody : kOfAHead) + kGrowthBytesOfWork;
}

CrowdTarget prepare_target(Server& server) {
  PoolClient client(server);
  client.push_done(
      csv_job("REPLACE", "large"),
      {csv_of("SELECT range AS n, 'a text that takes some room ' || range AS t FROM range(300000)")});
  const auto job = client.create_job(csv_job("DELTA", "crowd"));
  CrowdTarget target;
  target.address = server.address();
  target.tls_address = server.tls_address();
  target.authorization = "Authorization: Bearer " + server.admin_key();
  target.upload_path = client.chunks_path(job);
  target.download_path = "/adit/api/v1/pools/" + client.pool() + "/tables/large/rows";
  return target;
}

CrowdFigures measure_crowd(Server& server, GoodClient& good, const CrowdTarget& target,
                           const CrowdMeasure& measure) {
  CrowdFigures figures;
  figures.alone = good.work(measure.time);
  figures.before = sample_process(server.pid());
  Sampler sampler(server.pid());
  Crowd crowd(target, measure.crowd);
  await_arrival(crowd, measure.crowd.connections, measure.arrival_max);
  figures.beside = good.work(measure.time);
  figures.crowd = crowd.open();
  figures.most = sampler.stop();
  figures.counts = crowd.stop();
  settle(server, figures, measure.settle_max);
  judge(figures, good, measure);
  return figures;
}

}  // namespace adit::test
