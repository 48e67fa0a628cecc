#include "http/body_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace adit::http {
namespace {

/// A block grows with what has come: many slow bodies stay small, and a fast one soon has large blocks.
constexpr std::uint64_t kBlockBytesMin = 16 * 1024;
constexpr std::uint64_t kBlockBytesMax = 512 * 1024;
/// A block with less room than this is handed on rather than topped up.
constexpr std::size_t kRoomBytesMin = 4 * 1024;

}  // namespace

BodyReader::BodyReader(Connection& connection, InputBuffer& input, Exchange& exchange,
                       std::uint64_t bytes_max)
    : connection_(connection),
      input_(input),
      exchange_(exchange),
      bytes_max_(bytes_max),
      silence_(exchange.service.limits.read_timeout) {}

/// How many bytes the block may take now: never more than the rest of a body whose length is known, so that
/// nothing of the next request is read with it.
std::size_t BodyReader::prepare(Block& block, std::size_t bytes_min) const {
  const auto grown =
      std::clamp(std::max<std::uint64_t>(bytes_read_, bytes_min), kBlockBytesMin, kBlockBytesMax);
  const auto rest = exchange_.parser.remaining();
  auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(rest.value_or(grown), grown));
  const auto free_of_charge = std::max(block.capacity, kBlockBytesMin);
  if (wanted > free_of_charge && !exchange_.memory.take(wanted - free_of_charge)) wanted = free_of_charge;
  if (block.capacity < wanted) {
    block.bytes.reset();
    block.bytes = std::make_unique_for_overwrite<char[]>(wanted);
    block.capacity = wanted;
  }
  block.size = 0;
  return wanted;
}

asio::awaitable<BodyStatus> BodyReader::fill(Block& block, std::size_t bytes_min) {
  const std::size_t limit = prepare(block, bytes_min);
  std::size_t raw = 0;  // bytes behind block.size that are not decoded yet
  while (!exchange_.parser.done()) {
    const auto target = std::span(block.bytes.get(), limit).subspan(block.size + raw);
    if (target.empty() || (target.size() < kRoomBytesMin && !exchange_.parser.remaining())) {
      input_.put_back({block.bytes.get() + block.size, raw});
      co_return BodyStatus::kMore;
    }
    const auto ahead = input_.take(target);
    raw += ahead;
    if (ahead == 0) {
      if (stopped_) co_return BodyStatus::kFailed;
      const IoResult result = co_await read(target);
      if (take_failure(result)) co_return BodyStatus::kFailed;
      raw += result.bytes;
    }
    if (!parse(block, raw)) co_return BodyStatus::kFailed;
  }
  keep({block.bytes.get() + block.size, raw});
  co_return BodyStatus::kDone;
}

/// Keeps what came behind the body for the next request. More than a head may have would be memory that
/// nobody counts, for as long as the answer takes: it is dropped, and the answer says that the connection
/// closes.
void BodyReader::keep(std::span<const char> ahead) {
  if (ahead.size() <= exchange_.service.limits.header_bytes_max) return input_.put_back(ahead);
  input_.consume(input_.size());
  exchange_.close = true;
}

/// Decodes the `raw` bytes behind the block's end; false is a failure.
bool BodyReader::parse(Block& block, std::size_t& raw) {
  char* const start = block.bytes.get() + block.size;
  const auto fed = exchange_.parser.feed({start, raw});
  raw -= fed.consumed;
  if (raw > 0) std::memmove(start + fed.body, start + fed.consumed, raw);
  block.size += fed.body;
  body_bytes_ += fed.body;
  exchange_.bytes_in += fed.consumed;
  if (fed.failure) {
    failure_ = Failure{invalid(fed.failure->message), std::nullopt};
  } else if (body_bytes_ > bytes_max_) {
    failure_ = Failure{body_too_large(bytes_max_), std::nullopt};
  } else if (block.size == 0 && raw + kRoomBytesMin > block.capacity && !exchange_.parser.remaining()) {
    failure_ = Failure{invalid("A chunk's header is too long."), std::nullopt};
  }
  return !failure_;
}

asio::awaitable<IoResult> BodyReader::read(std::span<char> target) {
  const auto begin = Connection::Clock::now();
  const IoResult result = co_await connection_.read_some(target, begin + silence_);
  waited_ += Connection::Clock::now() - begin;
  bytes_read_ += result.bytes;
  co_return result;
}

bool BodyReader::too_slow() const {
  const auto& limits = exchange_.service.limits;
  if (waited_ <= limits.read_timeout) return false;
  const auto seconds = std::chrono::duration<double>(waited_).count();
  return static_cast<double>(bytes_read_) < seconds * static_cast<double>(limits.body_bytes_per_second_min);
}

bool BodyReader::take_failure(const IoResult& result) {
  if (result.status == IoStatus::kEnd || result.status == IoStatus::kInterrupted) {
    failure_ = Failure{{}, std::nullopt, true};
  } else if (result.status == IoStatus::kTimeout || too_slow()) {
    failure_ = Failure{{ErrorKind::kTimeout, "The request's body came too slowly."}, 408};
  }
  return failure_.has_value();
}

void BodyReader::report() {
  if (!failure_) return;
  exchange_.close = true;
  if (failure_->lost) return exchange_.lose();
  exchange_.fail(failure_->error, failure_->status);
}

}  // namespace adit::http
