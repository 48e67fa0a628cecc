// access/ says who is calling and whether they may. It knows keys, principals and what was granted; it knows
// no HTTP beyond the text of the Authorization header, and no tables.
//
// authenticate (authenticator.h) makes a Principal of a credential, authorize (authorization.h) holds it
// against the table of rules (rules.h). Both answer from memory: holders.h remembers what the catalog says of
// a user or an application until change_watch.h sees that somebody changed it.
#pragma once

#include <memory>

#include "access/holders.h"
#include "model/ids.h"
#include "model/key.h"
#include "model/oauth.h"

namespace adit {

/// Who a request speaks for, and how far its credential goes. A value; what it points to never changes, so a
/// principal stays what it was when the request was admitted.
struct Principal {
  TeamId team;
  Subject subject;                          ///< the user or the application
  UserId user;                              ///< the user, or who made the application
  KeyId key;                                ///< the credential, where it is a key
  std::shared_ptr<const OauthToken> token;  ///< the credential, where it is an access token; else null
  std::shared_ptr<const Holder> holder;     ///< what the subject may do; never null
  std::shared_ptr<const KeyLimits> limits;  ///< how much less the credential may; null: not less

  /// By which id the credential is known to people: the key's, or of a token that of its client.
  Uuid credential() const { return token ? token->client.uuid() : key.uuid(); }
  bool is_application() const { return subject.kind == SubjectKind::kApplication; }
};

}  // namespace adit
