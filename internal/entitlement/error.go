package entitlement

import "fmt"

// Code is the stable, documented name of a reason for refusal. Clients key on it,
// so a code never changes its meaning. Each code has a row in docs/errors.md and
// its HTTP status in package graph.
type Code string

// The codes. The first group are words of the original service
// (graph: error codes seen on the real service), the rest are ours.
const (
	CodeInvalidModel            Code = "InvalidModel"                         // 400: the body does not fit
	CodeInvalidFilter           Code = "InvalidFilter"                        // 400: $filter cannot be read or is not supported
	CodeBadRequest              Code = "BadRequest"                           // 400: query option, path or header
	CodeUnsupportedSetting      Code = "UnsupportedSetting"                   // 400: a setting that this build does not enforce
	CodeDeleteHasEntitlements   Code = "InvalidDeleteResourceHasEntitlements" // 400: something still uses it
	CodePolicyRequirements      Code = "PolicyRequirementsNotMet"             // 400: the target is outside the policy
	CodeExistingOpenRequest     Code = "ExistingOpenRequest"                  // 400: an open request for the same thing
	CodeExistingAssignment      Code = "ExistingAssignment"                   // 409: the subject has it already
	CodeIncompatibleAccess      Code = "IncompatibleAccess"                   // 400: separation of duties
	CodeInvalidAnswer           Code = "InvalidAnswer"                        // 400: an answer to a question of the policy
	CodeInvalidSchedule         Code = "InvalidSchedule"                      // 400: dates that the policy does not allow
	CodeNotApprover             Code = "NotAnApprover"                        // 403: the caller is not asked to approve this
	CodeApprovalDecided         Code = "ApprovalAlreadyDecided"               // 409: a fellow approver was first
	CodeApprovalNotOpen         Code = "ApprovalNotOpen"                      // 409: the stage has not begun, or is over
	CodeRequestNotReprocessable Code = "RequestNotReprocessable"              // 409: it did not fail, or too long ago
	CodeIdempotencyKeyReused    Code = "IdempotencyKeyReused"                 // 409: another body came with the key
	CodeRequestNotDeletable     Code = "RequestNotDeletable"                  // 400: the request is not finished
	CodeLimitExceeded           Code = "LimitExceeded"                        // 400: a documented limit of the tenant
	CodeOutcomeNotAllowed       Code = "OutcomeNotAllowed"                    // 400: a callout at this stage cannot end so
	CodeUnknownCalloutInstance  Code = "UnknownCalloutInstance"               // 400: no such instance at this request
	CodeStageMismatch           Code = "StageMismatch"                        // 400: stage or type is not the instance's
	CodeUnauthenticated         Code = "InvalidAuthenticationToken"           // 401
	CodeForbidden               Code = "UnAuthorized"                         // 403 (spelled as the service spells it)
	CodeNotFound                Code = "ResourceNotFound"                     // 404
	CodeRoleNotFound            Code = "RoleNotFound"                         // 404
	CodeMethodNotAllowed        Code = "MethodNotAllowed"                     // 405
	CodeRequestTimeout          Code = "RequestTimeout"                       // 408
	CodeDuplicateKey            Code = "DuplicateKey"                         // 409: a thing with this key exists
	CodeConcurrentChange        Code = "ConcurrentChange"                     // 409: somebody else changed it meanwhile
	CodeOutcomeAlreadyRecorded  Code = "OutcomeAlreadyRecorded"               // 409: another answer came first
	CodeCallbackTimedOut        Code = "CallbackTimedOut"                     // 409: the deadline has passed
	CodeRequestNotWaiting       Code = "RequestNotWaiting"                    // 409: nothing waits for this callback
	CodeRequestNotCancelable    Code = "RequestNotCancelable"                 // 409: too late to cancel
	CodeTooLarge                Code = "RequestEntityTooLarge"                // 413
	CodeURITooLong              Code = "RequestUriTooLong"                    // 414
	CodeHeadersTooLarge         Code = "RequestHeaderFieldsTooLarge"          // 431
	CodeUnsupportedMediaType    Code = "UnsupportedMediaType"                 // 415
	CodeMisdirected             Code = "InvalidHost"                          // 400: another Host than publicURL
	CodeTooManyRequests         Code = "TooManyRequests"                      // 429
	CodeInternal                Code = "InternalServerError"                  // 500
	CodeUnavailable             Code = "ServiceUnavailable"                   // 503: the store cannot take it now
)

// Error is a refusal that a caller is meant to read. Message says what is wrong,
// what is so now and, where it helps, what to do; it is never empty and holds
// nothing internal. Target names the property, query option or id at fault.
type Error struct {
	Code    Code
	Message string
	Target  string
}

// Error returns the code and the message.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Errorf makes an Error of any code; target may be empty.
func Errorf(code Code, target, format string, args ...any) *Error {
	return &Error{Code: code, Target: target, Message: fmt.Sprintf(format, args...)}
}

// Invalid refuses a body member: code InvalidModel with the member as target.
func Invalid(target, format string, args ...any) *Error {
	return Errorf(CodeInvalidModel, target, format, args...)
}

// NotFound says that there is no thing of that kind and id, or none that the
// caller may see: the two read the same.
func NotFound(kind string, id ID) *Error {
	return Errorf(CodeNotFound, kind, "The resource was not found: there is no %s with id '%s' that you may see.", kind, id)
}

// Forbidden says which right is missing.
func Forbidden(format string, args ...any) *Error {
	return Errorf(CodeForbidden, "", "User is not authorized to perform the operation. Reason: "+format, args...)
}

// Unsupported refuses a setting that this build would store and then ignore.
func Unsupported(target, format string, args ...any) *Error {
	return Errorf(CodeUnsupportedSetting, target, format, args...)
}
