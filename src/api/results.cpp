#include "api/results.h"

#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <functional>
#include <optional>
#include <utility>

#include "api/row_text.h"
#include "api/text_in_pieces.h"
#include "base/stopwatch.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::Response;

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kPieceBytes = 256 * 1024;

struct TakenPlace {
  using Places = std::shared_ptr<std::counting_semaphore<QueryPlaces::kPlacesMax>>;

  TakenPlace(Places taken_from, prometheus::Histogram& seconds)
      : places(std::move(taken_from)), stopwatch(seconds) {}
  TakenPlace(const TakenPlace&) = delete;
  TakenPlace& operator=(const TakenPlace&) = delete;
  ~TakenPlace() { places->release(); }

  const Places places;
  const Stopwatch stopwatch;
};

/// A stop that either of two others requests.
class EitherStop {
 public:
  EitherStop(const std::stop_token& first, const std::stop_token& second)
      : on_first_(first, [this] { source_.request_stop(); }),
        on_second_(second, [this] { source_.request_stop(); }) {}

  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::stop_callback<std::function<void()>> on_first_;
  std::stop_callback<std::function<void()>> on_second_;
};

/// Rows as text. The members end in the opposite order: the stream before the stop that it listens to.
class TextSource final : public http::BodySource {
 public:
  TextSource(QueryPlaces::Place place, std::unique_ptr<EitherStop> stop, std::unique_ptr<RowStream> rows,
             ResultFormat format)
      : place_(std::move(place)), stop_(std::move(stop)), rows_(std::move(rows)), format_(format) {}

  Result<void> read(std::string& piece) override {
    if (format_ == ResultFormat::kCsv && std::exchange(at_start_, false))
      append_csv_header(piece, rows_->columns());
    while (!ended_ && piece.size() < kPieceBytes) {
      ADIT_CHECK(rows_->next(fetched_));
      ended_ = fetched_.empty();
      for (const auto& row : fetched_) {
        if (format_ == ResultFormat::kCsv) {
          append_csv_row(piece, row);
        } else {
          append_json_line(piece, rows_->columns(), row);
        }
      }
    }
    return {};
  }

 private:
  const QueryPlaces::Place place_;
  const std::unique_ptr<EitherStop> stop_;
  const std::unique_ptr<RowStream> rows_;
  const ResultFormat format_;
  bool at_start_ = true;
  bool ended_ = false;
  std::vector<std::vector<Cell>> fetched_;
};

/// `{"columns":…,"rows":[…],"rowCount":…,"truncated":…,"elapsedMs":…}`, in this order, since what the rows
/// tell is known behind them. Written by hand: a tree of values would take many times the memory of the text.
class JsonSource final : public TextInPieces {
 public:
  JsonSource(QueryPlaces::Place place, std::unique_ptr<EitherStop> stop, std::unique_ptr<RowStream> rows,
             SteadyClock::time_point begin)
      : place_(std::move(place)), stop_(std::move(stop)), rows_(std::move(rows)), begin_(begin) {}

 private:
  Result<void> make(std::string& piece) override {
    if (std::exchange(at_start_, false)) append_head(piece);
    while (!ended() && piece.size() < kPieceBytes) {
      ADIT_CHECK(rows_->next(fetched_));
      if (fetched_.empty()) end();
      for (const auto& row : fetched_) {
        if (count_++ > 0) piece += ',';
        append_json_array(piece, row);
      }
    }
    if (ended()) append_tail(piece);
    return {};
  }

  void append_head(std::string& text) const {
    json::array columns;
    for (const auto& column : rows_->columns())
      columns.push_back(json::object{{"name", column.name}, {"type", column.type}});
    text += R"({"columns":)" + json::serialize(columns) + R"(,"rows":[)";
  }
  void append_tail(std::string& text) const {
    const std::chrono::duration<double, std::milli> elapsed = SteadyClock::now() - begin_;
    text += R"(],"rowCount":)" + std::to_string(count_);
    text += R"(,"truncated":)" + std::string(rows_->truncated() ? "true" : "false");
    text += R"(,"elapsedMs":)";
    append_json(text, Cell(std::round(elapsed.count() * 1000) / 1000));
    text += '}';
  }

  const QueryPlaces::Place place_;
  const std::unique_ptr<EitherStop> stop_;
  const std::unique_ptr<RowStream> rows_;
  const SteadyClock::time_point begin_;
  bool at_start_ = true;
  std::uint64_t count_ = 0;
  std::vector<std::vector<Cell>> fetched_;
};

class FileSource final : public http::BodySource {
 public:
  FileSource(QueryPlaces::Place place, FileHandle file) : place_(std::move(place)), file_(std::move(file)) {}

  Result<void> read(std::string& piece) override {
    piece.resize(kPieceBytes);
    ssize_t got = 0;
    do {
      got = ::read(file_.get(), piece.data(), piece.size());
    } while (got < 0 && errno == EINTR);
    piece.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (got < 0) return system_error(errno, "read a Parquet result");
    return {};
  }

 private:
  const QueryPlaces::Place place_;
  const FileHandle file_;
};

Response with_source(ResultFormat format, std::shared_ptr<http::BodySource> source) {
  Response response;
  std::string type(media_type(format));
  if (format == ResultFormat::kCsv) type += "; charset=utf-8; header=present";
  response.headers.emplace_back("Content-Type", std::move(type));
  response.source = std::move(source);
  return response;
}

}  // namespace

QueryPlaces::QueryPlaces(std::ptrdiff_t places)
    : places_(std::make_shared<std::counting_semaphore<kPlacesMax>>(std::min(places, kPlacesMax))) {}

Result<QueryPlaces::Place> QueryPlaces::take(prometheus::Histogram& seconds) const {
  if (!places_->try_acquire()) {
    return Error{ErrorKind::kUnavailable,
                 "As many queries are running as this server runs side by side. Try again shortly."};
  }
  return Place(std::make_shared<TakenPlace>(places_, seconds));
}

Result<Response> query_response(const Services& services, const QueryPlaces& places, PoolId pool,
                                const QueryRequest& query, ResultFormat format, std::stop_token client_gone) {
  ADIT_TRY(auto place, places.take(services.metrics.query_seconds));
  auto stop = std::make_unique<EitherStop>(services.stop, client_gone);
  switch (format) {
    case ResultFormat::kJson: {
      const auto begin = SteadyClock::now();
      ADIT_TRY(auto rows, services.warehouse.open_query(pool, query, stop->token()));
      auto source = std::make_shared<JsonSource>(std::move(place), std::move(stop), std::move(rows), begin);
      ADIT_TRY(auto whole, source->read_whole());
      return whole ? Response::json(200, *std::move(whole)) : with_source(format, std::move(source));
    }
    case ResultFormat::kParquet: {
      ADIT_TRY(auto file, services.warehouse.query_parquet(pool, query, stop->token()));
      auto response =
          with_source(format, std::make_shared<FileSource>(std::move(place), std::move(file.file)));
      response.source_bytes = file.bytes;
      return response;
    }
    case ResultFormat::kJsonLines:
    case ResultFormat::kCsv: {
      ADIT_TRY(auto rows, services.warehouse.open_query(pool, query, stop->token()));
      return with_source(
          format, std::make_shared<TextSource>(std::move(place), std::move(stop), std::move(rows), format));
    }
  }
  std::unreachable();
}

}  // namespace adit
