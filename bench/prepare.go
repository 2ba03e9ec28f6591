package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// world is what there must be before anybody can ask: it is made once, through the API,
// and each server starts on a copy of its file.
type world struct {
	data     string
	prefix   string // of names, where there may be others already
	people   []string
	packages []accessPackage
}

type accessPackage struct{ id, policy string }

// stock hands out pairs of a person and a package, each once, so that every job gives
// somebody something.
type stock struct {
	*world
	next atomic.Int64
}

var errOutOfStock = errors.New("every person has every package: prepare more of them")

// order returns the body of a request for the next pair.
func (s *stock) order() ([]byte, error) {
	n := int(s.next.Add(1)) - 1
	person, pkg := n%len(s.people), n/len(s.people)
	if pkg >= len(s.packages) {
		return nil, errOutOfStock
	}
	p := s.packages[pkg]
	return []byte(`{"requestType":"adminAdd","assignment":{"targetId":"` + s.people[person] +
		`","assignmentPolicyId":"` + p.policy + `","accessPackageId":"` + p.id + `"}}`), nil
}

// room is for how many jobs on one server there are pairs, beside those that are parked.
const room = 100_000

// prepare makes the world with a server.
func (b *bench) prepare(ctx context.Context, binary string) error {
	w, err := b.makeWorld(ctx, binary, filepath.Join(b.dir, "world.db"), b.parked)
	b.world = w
	return err
}

// makeWorld makes a world in a database, with room for requests that wait.
func (b *bench) makeWorld(ctx context.Context, binary, data string, parked int) (*world, error) {
	w := &world{data: data}
	s, err := newServer(binary, data)
	if err != nil {
		return nil, err
	}
	return w, b.withServer(ctx, s, func() error {
		if err := w.makePeople(s, b.people); err != nil {
			return err
		}
		return w.makePackages(s, b.sink.url(), 1+(parked+room)/b.people)
	})
}

// makePeople makes users, 64 at a time.
func (w *world) makePeople(s *server, n int) error {
	w.people = make([]string, n)
	var next atomic.Int64
	errs := make([]error, 64)
	var wg sync.WaitGroup
	for worker := range errs {
		wg.Go(func() {
			a := s.api()
			defer a.close()
			for i := next.Add(1) - 1; int(i) < n; i = next.Add(1) - 1 {
				name := fmt.Sprintf("%sperson%05d", w.prefix, i)
				id, err := a.make("/v1.0/users", object{
					"displayName": "Person " + name, "userPrincipalName": name + "@contoso.example", "mailNickname": name, "accountEnabled": true,
				})
				if err != nil {
					errs[worker] = err
					return
				}
				w.people[i] = id
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// makePackages makes packages of one catalog with one extension, each with a group and a
// policy of its own.
func (w *world) makePackages(s *server, endpoint string, n int) error {
	a := s.api()
	defer a.close()
	catalog, err := a.make(root+"/catalogs", object{"displayName": "Benchmark", "state": "published"})
	if err != nil {
		return err
	}
	extension, err := a.make(root+"/catalogs/"+catalog+"/customWorkflowExtensions", object{
		"@odata.type":           extensionType,
		"displayName":           "Check",
		"endpointConfiguration": object{"@odata.type": "#microsoft.graph.httpRequestEndpoint", "targetUrl": endpoint},
		"clientConfiguration":   object{"timeoutInMilliseconds": 2000, "maximumRetries": 1},
		"callbackConfiguration": object{"timeoutDuration": "P14D"},
	})
	if err != nil {
		return err
	}
	for i := range n {
		p, err := makePackage(a, catalog, extension, i)
		if err != nil {
			return err
		}
		w.packages = append(w.packages, p)
	}
	return nil
}

const extensionType = "#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension"

func makePackage(a *api, catalog, extension string, i int) (p accessPackage, err error) {
	name := fmt.Sprintf("Package %d", i)
	group, err := a.make("/v1.0/groups", object{"displayName": name, "mailEnabled": false, "mailNickname": fmt.Sprintf("package%d", i), "securityEnabled": true})
	if err != nil {
		return p, err
	}
	_, err = a.create(root+"/resourceRequests", object{
		"requestType": "adminAdd", "catalog": object{"id": catalog}, "resource": object{"originId": group, "originSystem": "AadGroup"},
	})
	if err != nil {
		return p, err
	}
	var found struct{ Value []struct{ ID string } }
	if err := a.read(&found, root+"/catalogs/"+catalog+"/resources?$filter=originId%20eq%20'"+group+"'"); err != nil {
		return p, err
	}
	if len(found.Value) != 1 {
		return p, fmt.Errorf("%d resources of group %s", len(found.Value), group)
	}
	if p.id, err = a.make(root+"/accessPackages", object{"displayName": name, "catalog": object{"id": catalog}}); err != nil {
		return p, err
	}
	_, err = a.create(root+"/accessPackages/"+p.id+"/resourceRoleScopes", object{
		"role": object{
			"originId": "Member_" + group, "displayName": "Member", "originSystem": "AadGroup",
			"resource": object{"id": found.Value[0].ID, "originId": group, "originSystem": "AadGroup"},
		},
		"scope": object{"originId": group, "originSystem": "AadGroup", "isRootScope": true},
	})
	if err != nil {
		return p, err
	}
	p.policy, err = a.make(root+"/assignmentPolicies", object{
		"displayName": name, "description": "", "allowedTargetScope": "allDirectoryUsers", "accessPackage": object{"id": p.id},
		"customExtensionStageSettings": []object{{
			"stage": "assignmentRequestCreated", "customExtension": object{"@odata.type": extensionType, "id": extension},
		}},
	})
	return p, err
}

// populated returns a server on a copy of the world's file.
func (b *bench) populated(name, binary string, args ...string) (*server, error) {
	file := filepath.Join(b.dir, name+".db")
	s, err := newServer(binary, file, args...)
	if err != nil {
		return nil, err
	}
	s.stock = &stock{world: b.world}
	return s, copyFile(b.world.data, file)
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
