#include "support/wrong_keys.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "support/raw_connection.h"
#include "support/test_data.h"

namespace adit::test {
namespace {

/// Requests that go out in one piece and are answered one after another.
constexpr int kInOnePiece = 25;

/// Marsaglia's xorshift64: other ids and addresses each time, the same in each run.
std::uint64_t next(std::uint64_t& state) {
  state ^= state << 13U;
  state ^= state >> 7U;
  state ^= state << 17U;
  return state;
}

std::string wrong_key(std::uint64_t& random) {
  char id[37];
  const auto one = next(random);
  const auto two = next(random);
  std::snprintf(id, sizeof id, "%08x-%04x-4%03x-8%03x-%012llx", static_cast<unsigned>(one >> 32U),
                static_cast<unsigned>(one & 0xffffU), static_cast<unsigned>(one >> 16U & 0xfffU),
                static_cast<unsigned>(two >> 48U & 0xfffU),
                static_cast<unsigned long long>(two & 0xffff'ffff'ffffULL));
  return base64(std::string(id) + ":" + std::string(43, 'A') + "=");
}

}  // namespace

WrongKeyLoad::WrongKeyLoad(std::string address, WrongKeyOptions options)
    : address_(std::move(address)),
      options_(options),
      failures_(static_cast<std::size_t>(options.connections)) {
  for (int i = 0; i < options_.connections; ++i) threads_.emplace_back([this, i] { work(i); });
}

WrongKeyLoad::~WrongKeyLoad() {
  stopped_ = true;
  for (auto& thread : threads_) thread.join();
}

WrongKeyAnswers WrongKeyLoad::stop() {
  stopped_ = true;
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began_;
  for (const auto& failure : failures_) {
    if (failure) std::rethrow_exception(failure);
  }
  return {refused_, slowed_, others_, took.count()};
}

std::string WrongKeyLoad::requests(std::uint64_t& random) const {
  std::string text;
  for (int i = 0; i < kInOnePiece; ++i) {
    text += "GET /api/cloud HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + wrong_key(random);
    if (options_.source == WrongKeySource::kManyAddresses) {
      const auto address = next(random);
      text += "\r\nX-Forwarded-For: 100";
      for (const auto shift : {32U, 40U, 48U}) text += "." + std::to_string(address >> shift & 0xffU);
    }
    text += "\r\n\r\n";
  }
  return text;
}

void WrongKeyLoad::work(int connection) {
  try {
    RawConnection socket(address_);
    std::uint64_t random = 0x9e37'79b9'7f4a'7c15ULL * static_cast<std::uint64_t>(connection + 1);
    const auto pause = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double>(kInOnePiece * options_.connections / options_.per_second));
    auto due = began_;
    while (!stopped_) {
      // What was too slow is not made up for: no more than asked for at any time.
      due = std::max(due + pause, std::chrono::steady_clock::now());
      socket.send(requests(random));
      for (int i = 0; i < kInOnePiece; ++i) {
        const int status = socket.read_response().status;
        ++(status == 401 ? refused_ : status == 429 ? slowed_ : others_);
      }
      std::this_thread::sleep_until(due);
    }
  } catch (...) {
    failures_[static_cast<std::size_t>(connection)] = std::current_exception();
  }
}

}  // namespace adit::test
