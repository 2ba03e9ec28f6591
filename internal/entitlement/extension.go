package entitlement

import (
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// Extension is a customCalloutExtension: somebody's HTTP endpoint that is called
// when a request reaches a stage.
type Extension struct {
	Object
	CatalogID   ID            `json:"-"`
	Kind        ExtensionKind `json:"kind"`
	DisplayName string        `json:"-"`
	Description *string       `json:"description,omitzero"`
	Endpoint    Endpoint      `json:"endpoint"`
	Auth        *EndpointAuth `json:"auth,omitzero"`
	Client      *ClientConfig `json:"client,omitzero"`
	// CallbackTimeout is how long a request waits for the endpoint's owner to call
	// resume; zero means launch and continue.
	CallbackTimeout time.Duration `json:"callbackTimeout,omitzero,format:nano"`
	CreatedBy       string        `json:"createdBy,omitzero"`
	ModifiedBy      string        `json:"modifiedBy,omitzero"`
}

// ExtensionKind is the derived type of an extension, without its namespace.
type ExtensionKind string

// Kinds of extension.
const (
	// RequestExtension serves the four stages of a request and may wait.
	RequestExtension ExtensionKind = "accessPackageAssignmentRequestWorkflowExtension"
	// AssignmentExtension serves the two stages before expiry and never waits.
	AssignmentExtension ExtensionKind = "accessPackageAssignmentWorkflowExtension"
)

// Endpoint is a customExtensionEndpointConfiguration.
type Endpoint struct {
	Kind EndpointKind `json:"kind"`
	// URL is targetUrl of an httpRequestEndpoint, or url of a Logic App trigger.
	URL string `json:"url"`
	// The rest names a Logic App; it is given back as it came.
	LogicAppWorkflowName string `json:"logicApp,omitzero"`
	ResourceGroupName    string `json:"resourceGroup,omitzero"`
	SubscriptionID       string `json:"subscription,omitzero"`
}

// EndpointKind is the derived type of an endpoint configuration.
type EndpointKind string

// Kinds of endpoint.
const (
	HTTPRequestEndpoint EndpointKind = "httpRequestEndpoint"
	LogicAppTrigger     EndpointKind = "logicAppTriggerEndpointConfiguration"
)

// EndpointAuth is a customExtensionAuthenticationConfiguration. It is an opaque
// choice that reads back as it was written: every callout is signed with the
// tenant's own key, whatever it says.
type EndpointAuth struct {
	Kind       AuthKind `json:"kind"`
	ResourceID *string  `json:"resourceId,omitzero"`
}

// AuthKind is the derived type of an authentication configuration.
type AuthKind string

// Kinds of authentication.
const (
	AzureADPopToken AuthKind = "azureAdPopTokenAuthentication"
	AzureADToken    AuthKind = "azureAdTokenAuthentication"
)

// ClientConfig is customExtensionClientConfiguration; nil members read back as null
// and mean the default.
type ClientConfig struct {
	TimeoutInMilliseconds *int `json:"timeoutMs,omitzero"`
	MaximumRetries        *int `json:"retries,omitzero"`
}

// Documented ranges of an extension (graph: customExtensionClientConfiguration,
// customExtensionCallbackConfiguration).
const (
	MinClientTimeout     = 200 * time.Millisecond
	MaxClientTimeout     = 2000 * time.Millisecond
	DefaultClientTimeout = 1000 * time.Millisecond
	MaxRetries           = 1
	MinCallbackTimeout   = 5 * time.Minute
	MaxCallbackTimeout   = 14 * 24 * time.Hour
	MaxURL               = 2000 // characters
)

// Timeout is how long one call of the endpoint may take.
func (e *Extension) Timeout() time.Duration {
	if e.Client != nil && e.Client.TimeoutInMilliseconds != nil {
		return time.Duration(*e.Client.TimeoutInMilliseconds) * time.Millisecond
	}
	return DefaultClientTimeout
}

// Retries is how often a failed call is repeated within one attempt.
func (e *Extension) Retries() int {
	if e.Client != nil && e.Client.MaximumRetries != nil {
		return *e.Client.MaximumRetries
	}
	return 0
}

// Waits reports whether a request stops until the endpoint's owner calls resume.
func (e *Extension) Waits() bool { return e.CallbackTimeout > 0 }

// Validate checks what can be said of an extension alone. Whether the endpoint's
// address may be called is decided when it is called.
func (e *Extension) Validate() error {
	if err := checkName(e.DisplayName); err != nil {
		return err
	}
	if err := checkText("description", e.Description); err != nil {
		return err
	}
	if err := e.Endpoint.validate(); err != nil {
		return err
	}
	if c := e.Client; c != nil {
		if ms := c.TimeoutInMilliseconds; ms != nil && (*ms < 200 || *ms > 2000) {
			return Invalid("clientConfiguration/timeoutInMilliseconds", "timeoutInMilliseconds is %d; it must be between 200 and 2000.", *ms)
		}
		if n := c.MaximumRetries; n != nil && (*n < 0 || *n > MaxRetries) {
			return Invalid("clientConfiguration/maximumRetries", "maximumRetries is %d; it must be 0 or 1.", *n)
		}
	}
	switch {
	case e.CallbackTimeout == 0:
	case e.Kind == AssignmentExtension:
		return Invalid("callbackConfiguration", "An accessPackageAssignmentWorkflowExtension is called before an assignment expires and never waits; leave callbackConfiguration out.")
	case e.CallbackTimeout < MinCallbackTimeout || e.CallbackTimeout > MaxCallbackTimeout:
		return Invalid("callbackConfiguration/timeoutDuration", "timeoutDuration is %s; it must be between PT5M and P14D.", FormatDuration(e.CallbackTimeout))
	}
	return nil
}

func (e *Endpoint) validate() error {
	target := "endpointConfiguration/targetUrl"
	if e.Kind == LogicAppTrigger {
		target = "endpointConfiguration/url"
	}
	for _, s := range []string{e.LogicAppWorkflowName, e.ResourceGroupName, e.SubscriptionID} {
		if utf8.RuneCountInString(s) > MaxName || hasControl(s) {
			return Invalid("endpointConfiguration", "The names of a Logic App have at most %d characters and no control characters.", MaxName)
		}
	}
	if e.URL == "" {
		return Invalid(target, "The endpoint needs an address: %s is missing or empty. This server cannot look up the address of a Logic App by its name.", target)
	}
	if len(e.URL) > MaxURL {
		return Invalid(target, "The endpoint's address has %d characters; the most is %d.", len(e.URL), MaxURL)
	}
	u, err := url.Parse(e.URL)
	switch {
	case err != nil || hasControl(e.URL) || strings.ContainsAny(e.URL, " \\"):
		return Invalid(target, "The endpoint's address is not a valid URL.")
	case u.Scheme != "https" && u.Scheme != "http":
		return Invalid(target, "The endpoint's address must begin with https://.")
	case u.Hostname() == "" || u.Opaque != "":
		return Invalid(target, "The endpoint's address has no host.")
	case u.User != nil:
		return Invalid(target, "The endpoint's address must not hold a user name or password.")
	case u.Fragment != "":
		return Invalid(target, "The endpoint's address must not have a fragment.")
	}
	return nil
}
