// model/ holds the plain values everybody speaks of: pools, jobs, chunks, schemas, keys, with their JSON
// codecs. It knows no HTTP, no SQL and no disk.
#pragma once

#include "base/id.h"

namespace adit {

using TeamId = Id<struct TeamTag>;
using UserId = Id<struct UserTag>;
using ApplicationId = Id<struct ApplicationTag>;
using GroupId = Id<struct GroupTag>;
using KeyId = Id<struct KeyTag>;
using ClientId = Id<struct ClientTag>;
using ConsentId = Id<struct ConsentTag>;
using PoolId = Id<struct PoolTag>;
using JobId = Id<struct JobTag>;
using DataSourceId = Id<struct DataSourceTag>;
using ChunkId = Id<struct ChunkTag>;

}  // namespace adit
