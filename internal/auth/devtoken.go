package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"anteroom/internal/entitlement"
)

// Applications of a DevIssuer that have other roles than ReadWrite.All, to try out what
// a lesser permission may do.
const (
	// AppUnrelated has a role that is of no use here.
	AppUnrelated = "c0ffee00-0000-4000-8000-00000000000b"
	// AppReader may read only.
	AppReader = "c0ffee00-0000-4000-8000-00000000000c"
)

const (
	maxForm = 64 << 10
	// devLife is the life of a token in seconds. Terraform's provider fetches a new one
	// before every call if it is less than 20 minutes.
	devLife = 3599
)

// ApplicationObjectID is the object id of an application's service principal in a tenant
// of the dev mode: always the same, and another in each tenant (RFC 9562 §5.5, version 5).
func ApplicationObjectID(t entitlement.TenantID, appID string) entitlement.ID {
	space, err := uuid.Parse(string(t))
	if err != nil {
		space = uuid.Nil // a TenantID is a GUID
	}
	return entitlement.ID(uuid.NewSHA1(space, []byte(strings.ToLower(appID))).String())
}

// devToken is the payload of an access token, shaped as Microsoft's of version 2.0.
type devToken struct {
	Audience  string         `json:"aud"`
	Issuer    string         `json:"iss"`
	IssuedAt  int64          `json:"iat"`
	NotBefore int64          `json:"nbf"`
	Expires   int64          `json:"exp"`
	AppID     string         `json:"appid"`
	Client    string         `json:"azp"`
	Type      string         `json:"idtyp"`
	ObjectID  entitlement.ID `json:"oid"`
	Subject   entitlement.ID `json:"sub"`
	Tenant    string         `json:"tid"`
	Version   string         `json:"ver"`
	ID        string         `json:"jti"`
	UTI       string         `json:"uti"`
	Roles     []string       `json:"roles,omitempty"`
	Scopes    string         `json:"scp,omitempty"`
	Name      string         `json:"name,omitempty"`
	UPN       string         `json:"upn,omitempty"`
	Preferred string         `json:"preferred_username,omitempty"`
}

// tokenAnswer is the success of RFC 6749 §5.1. expires_in is a number.
type tokenAnswer struct {
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	ExtExpiresIn int    `json:"ext_expires_in"`
	AccessToken  string `json:"access_token"`
	Scope        string `json:"scope,omitempty"`
}

func (d *DevIssuer) serveToken(w http.ResponseWriter, r *http.Request, t entitlement.TenantID) {
	token, err := d.grant(w, r, t)
	if err != nil {
		answerError(w, err)
		return
	}
	signed, err := d.sign(token)
	if err != nil {
		answerError(w, err)
		return
	}
	answer(w, http.StatusOK, tokenAnswer{
		TokenType: "Bearer", ExpiresIn: devLife, ExtExpiresIn: devLife, AccessToken: signed, Scope: token.Scopes,
	})
}

// grant decides about a request for a token. Parameters that it does not know, claims
// among them, say nothing (RFC 6749 §3.2).
func (d *DevIssuer) grant(w http.ResponseWriter, r *http.Request, t entitlement.TenantID) (*devToken, error) {
	form, err := readForm(w, r)
	if err != nil {
		return nil, err
	}
	grantType := form.Get("grant_type")
	if grantType != "client_credentials" && grantType != "password" {
		if grantType == "" {
			return nil, badRequest("invalid_request", "The parameter grant_type is missing: client_credentials or password.")
		}
		return nil, badRequest("unsupported_grant_type", "The grant_type is client_credentials or password.")
	}
	appID, err := client(r, form, grantType == "client_credentials")
	if err != nil {
		return nil, err
	}
	person := grantType == "password"
	if person && (form.Get("username") == "" || form.Get("password") == "") {
		return nil, badRequest("invalid_request", "The parameters username and password are needed.")
	}
	if person && form.Get("password") != DevSecret {
		return nil, badRequest("invalid_grant", "The password of everybody in dev mode is "+DevSecret+".")
	}
	if err := d.ensureTenant(r.Context(), t); err != nil {
		return nil, err
	}
	now := d.config.Now().UTC().Truncate(time.Second).Unix()
	id := uuid.NewString()
	token := &devToken{
		Audience: d.config.Audience, Issuer: d.config.BaseURL + "/" + string(t) + "/v2.0", Tenant: string(t), Version: "2.0",
		IssuedAt: now, NotBefore: now, Expires: now + devLife, AppID: appID, Client: appID, ID: id, UTI: id,
	}
	if !person {
		token.Type, token.Roles = "app", d.roles(appID)
		token.ObjectID = ApplicationObjectID(t, appID)
		token.Subject = token.ObjectID
		return token, nil
	}
	return token, d.addPerson(r.Context(), t, token, form)
}

func (d *DevIssuer) ensureTenant(ctx context.Context, t entitlement.TenantID) error {
	if t == PersonalTenant {
		return badRequest("invalid_request", "This is the tenant of personal accounts; take any other GUID.")
	}
	if d.config.OnTenant == nil {
		return nil
	}
	err := d.config.OnTenant(ctx, t)
	var refusal *entitlement.Error
	if errors.As(err, &refusal) {
		return badRequest("invalid_request", refusal.Message)
	}
	return err
}

func (d *DevIssuer) addPerson(ctx context.Context, t entitlement.TenantID, token *devToken, form url.Values) error {
	ok := false
	if d.config.LookupUser != nil {
		var err error
		token.ObjectID, token.Name, token.UPN, ok, err = d.config.LookupUser(ctx, t, form.Get("username"))
		if err != nil {
			return err
		}
	}
	if !ok {
		return badRequest("invalid_grant", "There is nobody of this username in the tenant who may sign in (a disabled account may not): give a user name, user principal name or object id.")
	}
	token.Type, token.Subject, token.Preferred = "user", token.ObjectID, token.UPN
	token.Scopes = scopes(form.Get("scope"))
	return nil
}

// roles are an application's.
func (d *DevIssuer) roles(appID string) []string {
	if r, ok := d.config.Roles[appID]; ok {
		return r
	}
	switch appID {
	case AppUnrelated:
		return []string{"User.Read.All"}
	case AppReader:
		return []string{entitlement.PermissionRead}
	}
	return []string{entitlement.PermissionReadWrite}
}

// scopes are those asked for that this server knows, whatever resource they are written
// with, or ReadWrite.All if there is none, as with ".default".
func scopes(asked string) string {
	known := []string{entitlement.PermissionReadWrite, entitlement.PermissionRead, entitlement.PermissionSubjectAccess, entitlement.PermissionAuditLog}
	var given []string
	for _, s := range strings.Fields(asked) {
		s = s[strings.LastIndexByte(s, '/')+1:]
		if slices.Contains(known, s) && !slices.Contains(given, s) {
			given = append(given, s)
		}
	}
	if given == nil {
		given = known[:1]
	}
	return strings.Join(given, " ")
}

func (d *DevIssuer) sign(token *devToken) (string, error) {
	payload, err := json.Marshal(token)
	if err != nil {
		return "", err
	}
	jws, err := d.signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return jws.CompactSerialize()
}

func badRequest(code, description string) error {
	return &oauthError{Code: code, Description: description, status: http.StatusBadRequest}
}

// readForm reads the parameters: from the body only, and each at most once.
//
// RFC 6749 §3.2, Appendix B.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, badRequest("invalid_request", "The Content-Type of a request for a token is application/x-www-form-urlencoded.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, &oauthError{Code: "invalid_request", Description: fmt.Sprintf("The form is larger than %d bytes.", maxForm), status: http.StatusRequestEntityTooLarge}
	}
	if err != nil {
		return nil, badRequest("invalid_request", "The body cannot be read.")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, badRequest("invalid_request", "The body is not a form.")
	}
	for _, name := range []string{"grant_type", "client_id", "client_secret", "username", "password", "scope"} {
		if len(form[name]) > 1 {
			return nil, badRequest("invalid_request", "The parameter "+name+" is there more than once.")
		}
	}
	return form, nil
}

// client returns the id of the application that asks. Any GUID is one. Its secret is in
// the form or, with the id, in a Basic header (RFC 6749 §2.3.1); a person's application
// may go without.
func client(r *http.Request, form url.Values, secretNeeded bool) (string, error) {
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if r.Header.Get("Authorization") != "" {
		user, pass, ok := r.BasicAuth()
		user, err1 := url.QueryUnescape(user)
		pass, err2 := url.QueryUnescape(pass)
		switch {
		case !ok || err1 != nil || err2 != nil:
			return "", badClient("The Authorization header is not HTTP Basic with a client id and a secret.")
		case secret != "" || id != "" && !strings.EqualFold(id, user):
			return "", badRequest("invalid_request", "The client is named both in the form and in the Authorization header.")
		}
		id, secret = user, pass
	}
	app, ok := entitlement.ParseID(id)
	switch {
	case id == "":
		return "", badClient("The parameter client_id is missing: any GUID.")
	case !ok:
		return "", badClient("The client_id is not a GUID; any is an application.")
	case secret != DevSecret && (secretNeeded || secret != ""):
		return "", badClient("The client_secret of every application in dev mode is " + DevSecret + ".")
	}
	return string(app), nil
}

func badClient(description string) error {
	return &oauthError{Code: "invalid_client", Description: description, status: http.StatusUnauthorized}
}
