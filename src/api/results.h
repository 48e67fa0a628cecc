// Answers that hold the rows of a query, in the form that the client accepts.
#pragma once

#include <memory>
#include <semaphore>

#include "api/accept.h"
#include "api/api.h"
#include "warehouse/warehouse.h"

namespace adit {

/// How many queries and downloads run side by side. Copies share the places.
class QueryPlaces {
 public:
  static constexpr std::ptrdiff_t kPlacesMax = 1024;

  explicit QueryPlaces(std::ptrdiff_t places);

  /// Gives the place back at destruction, and observes for how many seconds it was taken.
  using Place = std::shared_ptr<void>;
  /// kUnavailable when all are taken.
  Result<Place> take(prometheus::Histogram& seconds) const;

 private:
  std::shared_ptr<std::counting_semaphore<kPlacesMax>> places_;
};

/// Runs a query and answers with its rows, streamed: what goes wrong after the beginning breaks the
/// connection off. JSON that fits into one piece is answered whole, with its length.
Result<http::Response> query_response(const Services& services, const QueryPlaces& places, PoolId pool,
                                      const QueryRequest& query, ResultFormat format,
                                      std::stop_token client_gone);

}  // namespace adit
