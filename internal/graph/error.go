package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"anteroom/internal/entitlement"
)

// statusOf gives the HTTP status of each code. Nothing else in the project knows one.
var statusOf = map[entitlement.Code]int{
	entitlement.CodeInvalidModel:            http.StatusBadRequest,
	entitlement.CodeInvalidFilter:           http.StatusBadRequest,
	entitlement.CodeBadRequest:              http.StatusBadRequest,
	entitlement.CodeUnsupportedSetting:      http.StatusBadRequest,
	entitlement.CodeDeleteHasEntitlements:   http.StatusBadRequest,
	entitlement.CodePolicyRequirements:      http.StatusBadRequest,
	entitlement.CodeExistingOpenRequest:     http.StatusBadRequest,
	entitlement.CodeExistingAssignment:      http.StatusConflict,
	entitlement.CodeIncompatibleAccess:      http.StatusBadRequest,
	entitlement.CodeInvalidAnswer:           http.StatusBadRequest,
	entitlement.CodeInvalidSchedule:         http.StatusBadRequest,
	entitlement.CodeNotApprover:             http.StatusForbidden,
	entitlement.CodeApprovalDecided:         http.StatusConflict,
	entitlement.CodeApprovalNotOpen:         http.StatusConflict,
	entitlement.CodeRequestNotReprocessable: http.StatusConflict,
	entitlement.CodeIdempotencyKeyReused:    http.StatusConflict,
	entitlement.CodeRequestNotDeletable:     http.StatusBadRequest,
	entitlement.CodeLimitExceeded:           http.StatusBadRequest,
	entitlement.CodeOutcomeNotAllowed:       http.StatusBadRequest,
	entitlement.CodeUnknownCalloutInstance:  http.StatusBadRequest,
	entitlement.CodeStageMismatch:           http.StatusBadRequest,
	entitlement.CodeMisdirected:             http.StatusBadRequest,
	entitlement.CodeUnauthenticated:         http.StatusUnauthorized,
	entitlement.CodeForbidden:               http.StatusForbidden,
	entitlement.CodeNotFound:                http.StatusNotFound,
	entitlement.CodeRoleNotFound:            http.StatusNotFound,
	entitlement.CodeMethodNotAllowed:        http.StatusMethodNotAllowed,
	entitlement.CodeRequestTimeout:          http.StatusRequestTimeout,
	entitlement.CodeDuplicateKey:            http.StatusConflict,
	entitlement.CodeConcurrentChange:        http.StatusConflict,
	entitlement.CodeOutcomeAlreadyRecorded:  http.StatusConflict,
	entitlement.CodeCallbackTimedOut:        http.StatusConflict,
	entitlement.CodeRequestNotWaiting:       http.StatusConflict,
	entitlement.CodeRequestNotCancelable:    http.StatusConflict,
	entitlement.CodeTooLarge:                http.StatusRequestEntityTooLarge,
	entitlement.CodeURITooLong:              http.StatusRequestURITooLong,
	entitlement.CodeHeadersTooLarge:         http.StatusRequestHeaderFieldsTooLarge,
	entitlement.CodeUnsupportedMediaType:    http.StatusUnsupportedMediaType,
	entitlement.CodeTooManyRequests:         http.StatusTooManyRequests,
	entitlement.CodeInternal:                http.StatusInternalServerError,
	entitlement.CodeUnavailable:             http.StatusServiceUnavailable,
}

// WriteError answers with the error envelope of Graph. An error that holds an
// *entitlement.Error is told to the caller; any other is answered with a request id
// and nothing else. It serves the whole server, so that every error looks the same.
//
// graph: errors
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	writeError(w, r, err, time.Now())
}

func writeError(w http.ResponseWriter, r *http.Request, err error, now time.Time) {
	refusal := refusalOf(err)
	status, ok := statusOf[refusal.Code]
	if !ok {
		status = http.StatusInternalServerError
	}
	requestID, clientID := prepareHeaders(w.Header(), r)
	h := w.Header()
	switch status {
	case http.StatusUnauthorized:
		if len(h["Www-Authenticate"]) == 0 {
			h["Www-Authenticate"] = bearerOnly
		}
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		if len(h["Retry-After"]) == 0 {
			h["Retry-After"] = retrySoon
		}
	}
	delete(h, "Location")
	delete(h, "Preference-Applied")
	e := newEncoder()
	defer e.release()
	writeErrorBody(e, refusal, requestID, clientID, now)
	e.send(w, r, status, mediaJSON)
}

// RawError is a whole HTTP/1.1 answer with the error envelope of Graph, for a request that
// could not be read at all: it closes the connection.
func RawError(refusal *entitlement.Error, now time.Time) []byte {
	id := uuid.NewString()
	e := newEncoder()
	defer e.release()
	writeErrorBody(e, refusal, id, id, now)
	status := statusOf[refusal.Code]
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nCache-Control: %s\r\nClient-Request-Id: %s\r\nConnection: close\r\nContent-Length: %d\r\n"+
		"Content-Type: %s\r\nDate: %s\r\nOdata-Version: 4.0\r\nRequest-Id: %s\r\nX-Content-Type-Options: nosniff\r\n\r\n%s",
		status, http.StatusText(status), notForCache[0], id, len(e.buf), mediaJSON[0], now.UTC().Format(http.TimeFormat), id, e.buf)
}

// refusalOf cuts an error down to what a caller may read.
func refusalOf(err error) *entitlement.Error {
	var refusal *entitlement.Error
	switch {
	case errors.As(err, &refusal) && refusal.Message != "":
		return refusal
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return entitlement.Errorf(entitlement.CodeUnavailable, "", "The server could not finish this in time. Read the object before you try again: the change may have been made.")
	}
	return entitlement.Errorf(entitlement.CodeInternal, "", "An unexpected error occurred. Give the request-id to who runs this server; the cause is in its log.")
}

func writeErrorBody(e *encoder, refusal *entitlement.Error, requestID, clientID string, now time.Time) {
	e.open()
	e.key("error").open()
	e.key("code").text(string(refusal.Code))
	e.key("message").text(refusal.Message)
	if refusal.Target != "" {
		e.key("target").text(refusal.Target)
	}
	e.key("details").openList()
	e.closeList()
	e.key("innerError").open()
	e.key("date").text(now.UTC().Format("2006-01-02T15:04:05"))
	e.key("request-id").text(requestID)
	e.key("client-request-id").text(clientID)
	e.close()
	e.close()
	e.close()
}

// logFailure writes down an error whose cause the caller was not told.
func (s *Server) logFailure(r *http.Request, requestID string, err error) {
	if statusOf[refusalOf(err).Code] < http.StatusInternalServerError || errors.Is(err, context.Canceled) {
		return
	}
	s.log.LogAttrs(r.Context(), slog.LevelError, "request failed",
		slog.String("request-id", requestID), slog.String("method", r.Method),
		slog.String("path", r.URL.EscapedPath()), slog.String("error", err.Error()))
}

// notServed says that nothing is served at a path.
func notServed(path string) error {
	return entitlement.Errorf(entitlement.CodeNotFound, "", "No resource was found at the path '%s'. This server serves the Microsoft Graph entitlement management API below /v1.0/identityGovernance/entitlementManagement, and /v1.0/users, groups, servicePrincipals, directoryObjects and auditLogs/directoryAudits.", clip(path, 256))
}

// clip keeps a caller's text short in a message.
func clip(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.ToValidUTF8(s, "�")
}
