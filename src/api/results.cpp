#include "api/results.h"

#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <functional>
#include <utility>

#include "api/row_text.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::Response;

constexpr std::size_t kPieceBytes = 256 * 1024;

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

/// Written by hand, since a tree of values would take many times the memory of the text.
std::string result_json(const QueryResult& result) {
  json::array columns;
  for (const auto& column : result.columns)
    columns.push_back(json::object{{"name", column.name}, {"type", column.type}});
  std::string text = R"({"columns":)" + json::serialize(columns) + R"(,"rows":[)";
  bool first_row = true;
  for (const auto& row : result.rows) {
    if (!std::exchange(first_row, false)) text += ',';
    append_json_array(text, row);
  }
  text += R"(],"rowCount":)" + std::to_string(result.rows.size());
  text += R"(,"truncated":)" + std::string(result.truncated ? "true" : "false");
  text += R"(,"elapsedMs":)";
  append_json(text, Cell(static_cast<double>(result.elapsed.count()) / 1000.0));
  return text + "}";
}

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

Result<QueryPlaces::Place> QueryPlaces::take() const {
  if (!places_->try_acquire()) {
    return Error{ErrorKind::kUnavailable,
                 "As many queries are running as this server runs side by side. Try again shortly."};
  }
  return Place(places_.get(), [places = places_](void*) { places->release(); });
}

Result<Response> query_response(const Services& services, const QueryPlaces& places, PoolId pool,
                                const QueryRequest& query, ResultFormat format, std::stop_token client_gone) {
  ADIT_TRY(auto place, places.take());
  auto stop = std::make_unique<EitherStop>(services.stop, client_gone);
  switch (format) {
    case ResultFormat::kJson: {
      ADIT_TRY(const auto result, services.warehouse.query(pool, query, stop->token()));
      return Response::json(200, result_json(result));
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
