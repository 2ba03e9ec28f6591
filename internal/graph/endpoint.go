package graph

import "anteroom/internal/entitlement"

func writeEndpoint(e *encoder, x *entitlement.Extension) {
	p := &x.Endpoint
	e.open()
	e.odataType(string(p.Kind))
	if p.Kind == entitlement.HTTPRequestEndpoint {
		e.key("targetUrl").text(p.URL)
	} else {
		e.key("subscriptionId").textOrNull(p.SubscriptionID)
		e.key("resourceGroupName").textOrNull(p.ResourceGroupName)
		e.key("logicAppWorkflowName").textOrNull(p.LogicAppWorkflowName)
		e.key("url").textOrNull(p.URL)
	}
	e.close()
}

var endpointKinds = []entitlement.EndpointKind{entitlement.HTTPRequestEndpoint, entitlement.LogicAppTrigger}

// graph: customExtensionEndpointConfiguration: httpRequestEndpoint, logicAppTriggerEndpointConfiguration
func readEndpoint(n node, x *entitlement.Extension) error {
	if n.kind != isObject {
		return n.wrongKind("an object")
	}
	kind, err := endpointKind(n)
	if err != nil {
		return err
	}
	p := entitlement.Endpoint{Kind: kind}
	err = n.fields(string(kind), func(name string, n node) (_ bool, err error) {
		var to *string
		switch {
		case name == "targetUrl" && kind == entitlement.HTTPRequestEndpoint, name == "url" && kind == entitlement.LogicAppTrigger:
			to = &p.URL
		case kind != entitlement.LogicAppTrigger:
			return false, nil
		case name == "subscriptionId":
			to = &p.SubscriptionID
		case name == "resourceGroupName":
			to = &p.ResourceGroupName
		case name == "logicAppWorkflowName":
			to = &p.LogicAppWorkflowName
		default:
			return false, nil
		}
		*to, err = n.shortString(entitlement.MaxURL)
		return true, err
	})
	x.Endpoint = p
	return err
}

// endpointKind reads the type of an endpoint, which may be left out where the members
// leave no doubt.
func endpointKind(n node) (entitlement.EndpointKind, error) {
	typ, err := n.typeName()
	if err != nil {
		return "", err
	}
	if kind, ok := entitlement.ParseEnum(endpointKinds, typ); ok {
		return kind, nil
	}
	switch {
	case typ != "":
		return "", entitlement.Invalid(n.at+"/@odata.type", "'%s' is not a type of endpoint; it can be %s.", clip(typ, 128), entitlement.EnumWords(endpointKinds))
	case n.member("targetUrl") != nil:
		return entitlement.HTTPRequestEndpoint, nil
	case n.member("url") != nil, n.member("logicAppWorkflowName") != nil:
		return entitlement.LogicAppTrigger, nil
	}
	return "", entitlement.Invalid(n.at+"/@odata.type", "%s/@odata.type is required: #microsoft.graph.httpRequestEndpoint with targetUrl, or #microsoft.graph.logicAppTriggerEndpointConfiguration with url.", n.at)
}

func writeAuthentication(e *encoder, x *entitlement.Extension) {
	if x.Auth == nil {
		e.null()
		return
	}
	e.open()
	e.odataType(string(x.Auth.Kind))
	if x.Auth.Kind == entitlement.AzureADToken {
		e.key("resourceId").optionalText(x.Auth.ResourceID)
	}
	e.close()
}

var authKinds = []entitlement.AuthKind{entitlement.AzureADPopToken, entitlement.AzureADToken}

// graph: customExtensionAuthenticationConfiguration
func readAuthentication(n node, x *entitlement.Extension) error {
	x.Auth = nil
	if n.kind == isNull {
		return nil
	}
	if n.kind != isObject {
		return n.wrongKind("an object")
	}
	typ, err := n.typeName()
	if err != nil {
		return err
	}
	kind, ok := entitlement.ParseEnum(authKinds, typ)
	switch {
	case typ == "":
		return entitlement.Invalid(n.at+"/@odata.type", "%s/@odata.type is required; it can be %s.", n.at, entitlement.EnumWords(authKinds))
	case !ok:
		return entitlement.Invalid(n.at+"/@odata.type", "'%s' is not a type of authentication; it can be %s.", clip(typ, 128), entitlement.EnumWords(authKinds))
	}
	auth := &entitlement.EndpointAuth{Kind: kind}
	x.Auth = auth
	return n.fields(string(kind), func(name string, n node) (bool, error) {
		if name != "resourceId" || kind != entitlement.AzureADToken {
			return false, nil
		}
		s, err := n.shortString(entitlement.MaxURL)
		if n.kind != isNull {
			auth.ResourceID = &s
		}
		return true, err
	})
}

func writeClient(e *encoder, x *entitlement.Extension) {
	if x.Client == nil {
		e.null()
		return
	}
	e.open()
	e.key("maximumRetries").optionalInteger(x.Client.MaximumRetries)
	e.key("timeoutInMilliseconds").optionalInteger(x.Client.TimeoutInMilliseconds)
	e.close()
}

// graph: customExtensionClientConfiguration
func readClient(n node, x *entitlement.Extension) error {
	x.Client = nil
	if n.kind == isNull {
		return nil
	}
	client := new(entitlement.ClientConfig)
	x.Client = client
	return n.fields("customExtensionClientConfiguration", func(name string, n node) (_ bool, err error) {
		switch name {
		case "maximumRetries":
			client.MaximumRetries, err = n.optionalInteger()
		case "timeoutInMilliseconds":
			client.TimeoutInMilliseconds, err = n.optionalInteger()
		default:
			return false, nil
		}
		return true, err
	})
}
