#include "crypto/base/result.h"

namespace hedgerow {

ErrorBox::ErrorBox(Error&& error) : error_(new Error(std::move(error))) {}

ErrorBox::ErrorBox(const ErrorBox& o)
    : error_(o.error_ == nullptr ? nullptr : new Error(*o.error_)) {}

void ErrorBox::discard() { delete error_; }

Error bad_input(std::string text, std::string hint) {
  return {Code::bad_input, std::move(text), {}, std::move(hint)};
}
Error denied(std::string text, std::string hint) {
  return {Code::denied, std::move(text), {}, std::move(hint)};
}
Error try_again(std::string text, std::string hint) {
  return {Code::try_again, std::move(text), {}, std::move(hint)};
}
Error configuration(std::string text, std::string hint) {
  return {Code::configuration, std::move(text), {}, std::move(hint)};
}
Error internal(std::string text) { return {Code::internal, std::move(text), {}, {}}; }
Error culprit_error(std::string text, std::string culprit) {
  return {Code::bad_input, std::move(text), std::move(culprit), {}};
}

}  // namespace hedgerow
