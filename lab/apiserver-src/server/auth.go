package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	authnv1 "k8s.io/api/authentication/v1"
	authzv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"

	"lab/kubernetes/bootstrappolicy"
	rbacvalidation "lab/kubernetes/rbacvalidation"
)

// ---- service account tokens (RS256) ----

type saIssuer struct {
	issuer string
	auds   []string
	key    *rsa.PrivateKey
	kid    string
	// set once informers exist
	sas     corelisters.ServiceAccountLister
	pods    corelisters.PodLister
	secrets corelisters.SecretLister
	live    func(ns, name string) (*corev1.ServiceAccount, error)
}

type boundRef struct {
	Name string `json:"name"`
	UID  string `json:"uid,omitempty"`
}
type k8sClaims struct {
	Namespace      string    `json:"namespace"`
	ServiceAccount boundRef  `json:"serviceaccount"`
	Pod            *boundRef `json:"pod,omitempty"`
	Node           *boundRef `json:"node,omitempty"`
	Secret         *boundRef `json:"secret,omitempty"`
}
type saClaims struct {
	Aud []string  `json:"aud"`
	Exp int64     `json:"exp"`
	Iat int64     `json:"iat"`
	Nbf int64     `json:"nbf"`
	Iss string    `json:"iss"`
	Jti string    `json:"jti"`
	Sub string    `json:"sub"`
	K   k8sClaims `json:"kubernetes.io"`
}

func newIssuer(issuer, keyFile string) (*saIssuer, error) {
	b, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, err
	}
	blk, _ := pem.Decode(b)
	if blk == nil {
		return nil, errors.New("service account key: no PEM")
	}
	k, err := x509.ParsePKCS1PrivateKey(blk.Bytes)
	if err != nil {
		k8, err8 := x509.ParsePKCS8PrivateKey(blk.Bytes)
		if err8 != nil {
			return nil, err
		}
		var ok bool
		if k, ok = k8.(*rsa.PrivateKey); !ok {
			return nil, errors.New("service account key: only RSA")
		}
	}
	der, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
	if err != nil {
		return nil, err
	}
	h := sha256.Sum256(der)
	return &saIssuer{issuer: issuer, auds: []string{issuer}, key: k, kid: base64.RawURLEncoding.EncodeToString(h[:])}, nil
}

func b64j(v interface{}) string {
	b, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(b)
}

func (s *saIssuer) sign(c saClaims) (string, error) {
	in := b64j(map[string]string{"alg": "RS256", "kid": s.kid, "typ": "JWT"}) + "." + b64j(c)
	h := sha256.Sum256([]byte(in))
	sig, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, h[:])
	return in + "." + base64.RawURLEncoding.EncodeToString(sig), err
}

func (s *saIssuer) AuthenticateToken(ctx context.Context, tok string) (*authenticator.Response, bool, error) {
	p := strings.Split(tok, ".")
	if len(p) != 3 {
		return nil, false, nil
	}
	payload, err := base64.RawURLEncoding.DecodeString(p[1])
	if err != nil {
		return nil, false, nil
	}
	var c saClaims
	if json.Unmarshal(payload, &c) != nil || c.Iss != s.issuer {
		return nil, false, nil
	}
	var hd struct{ Alg string }
	hb, _ := base64.RawURLEncoding.DecodeString(p[0])
	if json.Unmarshal(hb, &hd) != nil || hd.Alg != "RS256" {
		return nil, false, errors.New("unsupported token algorithm")
	}
	sig, err := base64.RawURLEncoding.DecodeString(p[2])
	if err != nil {
		return nil, false, err
	}
	h := sha256.Sum256([]byte(p[0] + "." + p[1]))
	if err := rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, h[:], sig); err != nil {
		return nil, false, err
	}
	now := time.Now().Unix()
	if now >= c.Exp || now < c.Nbf-5 {
		return nil, false, errors.New("service account token has expired")
	}
	want, ok := authenticator.AudiencesFrom(ctx)
	if !ok || len(want) == 0 {
		want = s.auds
	}
	got := authenticator.Audiences(c.Aud).Intersect(want)
	if len(got) == 0 {
		return nil, false, fmt.Errorf("token audiences %q is invalid for the target audiences %q", c.Aud, want)
	}
	sa, err := s.live(c.K.Namespace, c.K.ServiceAccount.Name)
	if err != nil {
		return nil, false, err
	}
	if string(sa.UID) != c.K.ServiceAccount.UID || sa.DeletionTimestamp != nil {
		return nil, false, errors.New("service account UID does not match claim")
	}
	info := serviceaccount.ServiceAccountInfo{Namespace: sa.Namespace, Name: sa.Name, UID: string(sa.UID), CredentialID: serviceaccountCredID(c.Jti)}
	if c.K.Pod != nil {
		pod, err := s.pods.Pods(sa.Namespace).Get(c.K.Pod.Name)
		if err != nil || string(pod.UID) != c.K.Pod.UID {
			return nil, false, errors.New("bound pod is gone")
		}
		info.PodName, info.PodUID = pod.Name, string(pod.UID)
		if c.K.Node != nil { // a token of a pod says on which node it runs: authentication.kubernetes.io/node-name
			info.NodeName, info.NodeUID = c.K.Node.Name, c.K.Node.UID
		}
	}
	if c.K.Secret != nil {
		sec, err := s.secrets.Secrets(sa.Namespace).Get(c.K.Secret.Name)
		if err != nil || string(sec.UID) != c.K.Secret.UID {
			return nil, false, errors.New("bound secret is gone")
		}
	}
	return &authenticator.Response{User: info.UserInfo(), Audiences: got}, true, nil
}

func serviceaccountCredID(jti string) string {
	if jti == "" {
		return ""
	}
	return "JTI=" + jti
}

// TokenREST is serviceaccounts/token
type TokenREST struct {
	iss                 *saIssuer
	sas                 rest.Getter
	pods, secret, nodes rest.Getter
}

func (t *TokenREST) New() runtime.Object { return &authnv1.TokenRequest{} }
func (t *TokenREST) Destroy()            {}
func (t *TokenREST) GroupVersionKind(schema.GroupVersion) schema.GroupVersionKind {
	return authnv1.SchemeGroupVersion.WithKind("TokenRequest")
}
func (t *TokenREST) Create(ctx context.Context, name string, obj runtime.Object, cv rest.ValidateObjectFunc, _ *metav1.CreateOptions) (runtime.Object, error) {
	tr := obj.(*authnv1.TokenRequest).DeepCopy()
	o, err := t.sas.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	sa := o.(*corev1.ServiceAccount)
	if tr.Name == "" {
		tr.Name = sa.Name
	}
	if tr.Namespace == "" {
		tr.Namespace = sa.Namespace
	}
	if cv != nil {
		if err := cv(ctx, tr.DeepCopyObject()); err != nil {
			return nil, err
		}
	}
	if tr.Spec.ExpirationSeconds == nil {
		d := int64(3600)
		tr.Spec.ExpirationSeconds = &d
	}
	if e := *tr.Spec.ExpirationSeconds; e < 600 || e > 1<<32 {
		return nil, apierrors.NewBadRequest("spec.expirationSeconds: may not specify a duration less than 10 minutes or larger than 2^32 seconds")
	}
	if len(tr.Spec.Audiences) == 0 {
		tr.Spec.Audiences = t.iss.auds
	}
	now := time.Now()
	c := saClaims{Aud: tr.Spec.Audiences, Iat: now.Unix(), Nbf: now.Unix(), Exp: now.Unix() + *tr.Spec.ExpirationSeconds, Iss: t.iss.issuer, Jti: string(uuid.NewUUID()),
		Sub: serviceaccount.MakeUsername(sa.Namespace, sa.Name), K: k8sClaims{Namespace: sa.Namespace, ServiceAccount: boundRef{sa.Name, string(sa.UID)}}}
	if r := tr.Spec.BoundObjectRef; r != nil {
		var uid types.UID
		switch {
		case r.APIVersion == "v1" && r.Kind == "Pod":
			p, err := t.pods.Get(ctx, r.Name, &metav1.GetOptions{})
			if err != nil {
				return nil, err
			}
			if p.(*corev1.Pod).Spec.ServiceAccountName != sa.Name {
				return nil, apierrors.NewBadRequest(fmt.Sprintf("cannot bind token for serviceaccount %q to pod running with different serviceaccount name.", sa.Name))
			}
			uid = p.(*corev1.Pod).UID
			c.K.Pod = &boundRef{r.Name, string(uid)}
			if node := p.(*corev1.Pod).Spec.NodeName; node != "" {
				c.K.Node = &boundRef{Name: node}
				if n, err := t.nodes.Get(ctx, node, &metav1.GetOptions{}); err == nil {
					c.K.Node.UID = string(n.(*corev1.Node).UID)
				}
			}
		case r.APIVersion == "v1" && r.Kind == "Secret":
			s, err := t.secret.Get(ctx, r.Name, &metav1.GetOptions{})
			if err != nil {
				return nil, err
			}
			uid = s.(*corev1.Secret).UID
			c.K.Secret = &boundRef{r.Name, string(uid)}
		default:
			return nil, apierrors.NewBadRequest("cannot bind token to object of type " + r.Kind)
		}
		if r.UID != "" && r.UID != uid {
			return nil, apierrors.NewConflict(schema.GroupResource{Resource: r.Kind}, r.Name, errors.New("the UID in the bound object reference does not match the UID in record"))
		}
	}
	tok, err := t.iss.sign(c)
	if err != nil {
		return nil, err
	}
	tr.Status = authnv1.TokenRequestStatus{Token: tok, ExpirationTimestamp: metav1.Unix(c.Exp, 0)}
	return tr, nil
}

func (s *saIssuer) serveOIDC(mux interface{ Handle(string, http.Handler) }) {
	e := make([]byte, 0)
	for n := s.key.PublicKey.E; n > 0; n >>= 8 {
		e = append([]byte{byte(n)}, e...)
	}
	jwks, _ := json.Marshal(map[string]interface{}{"keys": []map[string]string{{"use": "sig", "kty": "RSA", "kid": s.kid, "alg": "RS256",
		"n": base64.RawURLEncoding.EncodeToString(s.key.PublicKey.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(e)}}})
	disc, _ := json.Marshal(map[string]interface{}{"issuer": s.issuer, "jwks_uri": s.issuer + "/openid/v1/jwks", "response_types_supported": []string{"id_token"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"}})
	mux.Handle("/openid/v1/jwks", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/jwk-set+json")
		w.Write(jwks)
	}))
	mux.Handle("/.well-known/openid-configuration", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(disc)
	}))
}

// ---- review endpoints: create-only virtual resources ----

type reviewREST struct {
	obj        runtime.Object
	name       string
	namespaced bool
	fn         func(ctx context.Context, o runtime.Object) (runtime.Object, error)
}

func (r *reviewREST) New() runtime.Object     { return newLike(r.obj) }
func (r *reviewREST) Destroy()                {}
func (r *reviewREST) NamespaceScoped() bool   { return r.namespaced }
func (r *reviewREST) GetSingularName() string { return r.name }
func (r *reviewREST) Create(ctx context.Context, o runtime.Object, cv rest.ValidateObjectFunc, _ *metav1.CreateOptions) (runtime.Object, error) {
	if cv != nil {
		if err := cv(ctx, o.DeepCopyObject()); err != nil {
			return nil, err
		}
	}
	return r.fn(ctx, o.DeepCopyObject())
}

func sarAttrs(u user.Info, ra *authzv1.ResourceAttributes, nra *authzv1.NonResourceAttributes) (authorizer.AttributesRecord, error) {
	if (ra == nil) == (nra == nil) {
		return authorizer.AttributesRecord{}, apierrors.NewBadRequest("exactly one of nonResourceAttributes or resourceAttributes must be specified")
	}
	if ra != nil {
		v := ra.Version
		if v == "" {
			v = "*"
		}
		return authorizer.AttributesRecord{User: u, Verb: ra.Verb, Namespace: ra.Namespace, APIGroup: ra.Group, APIVersion: v, Resource: ra.Resource, Subresource: ra.Subresource, Name: ra.Name, ResourceRequest: true}, nil
	}
	return authorizer.AttributesRecord{User: u, Verb: nra.Verb, Path: nra.Path}, nil
}

func reviews(az authorizer.Authorizer, rr authorizer.RuleResolver, an func() authenticator.Request, auds []string) (authz, authn map[string]rest.Storage) {
	decide := func(ctx context.Context, a authorizer.AttributesRecord) authzv1.SubjectAccessReviewStatus {
		d, reason, err := az.Authorize(ctx, a)
		st := authzv1.SubjectAccessReviewStatus{Allowed: d == authorizer.DecisionAllow, Denied: d == authorizer.DecisionDeny, Reason: reason}
		if err != nil {
			st.EvaluationError = err.Error()
		}
		return st
	}
	asUser := func(s authzv1.SubjectAccessReviewSpec) user.Info {
		ex := map[string][]string{}
		for k, v := range s.Extra {
			ex[k] = v
		}
		return &user.DefaultInfo{Name: s.User, Groups: s.Groups, UID: s.UID, Extra: ex}
	}
	authz = map[string]rest.Storage{
		"subjectaccessreviews": &reviewREST{&authzv1.SubjectAccessReview{}, "subjectaccessreview", false, func(ctx context.Context, o runtime.Object) (runtime.Object, error) {
			r := o.(*authzv1.SubjectAccessReview)
			a, err := sarAttrs(asUser(r.Spec), r.Spec.ResourceAttributes, r.Spec.NonResourceAttributes)
			if err != nil {
				return nil, err
			}
			r.Status = decide(ctx, a)
			return r, nil
		}},
		"localsubjectaccessreviews": &reviewREST{&authzv1.LocalSubjectAccessReview{}, "localsubjectaccessreview", true, func(ctx context.Context, o runtime.Object) (runtime.Object, error) {
			r := o.(*authzv1.LocalSubjectAccessReview)
			if r.Spec.ResourceAttributes == nil || r.Spec.ResourceAttributes.Namespace != genericapirequest.NamespaceValue(ctx) {
				return nil, apierrors.NewBadRequest("spec.resourceAttributes.namespace must match the request namespace")
			}
			a, err := sarAttrs(asUser(r.Spec), r.Spec.ResourceAttributes, nil)
			if err != nil {
				return nil, err
			}
			r.Status = decide(ctx, a)
			return r, nil
		}},
		"selfsubjectaccessreviews": &reviewREST{&authzv1.SelfSubjectAccessReview{}, "selfsubjectaccessreview", false, func(ctx context.Context, o runtime.Object) (runtime.Object, error) {
			r := o.(*authzv1.SelfSubjectAccessReview)
			u, _ := genericapirequest.UserFrom(ctx)
			a, err := sarAttrs(u, r.Spec.ResourceAttributes, r.Spec.NonResourceAttributes)
			if err != nil {
				return nil, err
			}
			r.Status = decide(ctx, a)
			return r, nil
		}},
		"selfsubjectrulesreviews": &reviewREST{&authzv1.SelfSubjectRulesReview{}, "selfsubjectrulesreview", false, func(ctx context.Context, o runtime.Object) (runtime.Object, error) {
			r := o.(*authzv1.SelfSubjectRulesReview)
			u, _ := genericapirequest.UserFrom(ctx)
			res, non, inc, err := rr.RulesFor(ctx, u, r.Spec.Namespace)
			r.Status = authzv1.SubjectRulesReviewStatus{Incomplete: inc, ResourceRules: []authzv1.ResourceRule{}, NonResourceRules: []authzv1.NonResourceRule{}}
			for _, x := range res {
				r.Status.ResourceRules = append(r.Status.ResourceRules, authzv1.ResourceRule{Verbs: x.GetVerbs(), APIGroups: x.GetAPIGroups(), Resources: x.GetResources(), ResourceNames: x.GetResourceNames()})
			}
			for _, x := range non {
				r.Status.NonResourceRules = append(r.Status.NonResourceRules, authzv1.NonResourceRule{Verbs: x.GetVerbs(), NonResourceURLs: x.GetNonResourceURLs()})
			}
			if err != nil {
				r.Status.EvaluationError = err.Error()
			}
			return r, nil
		}},
	}
	toInfo := func(u user.Info) authnv1.UserInfo {
		ui := authnv1.UserInfo{Username: u.GetName(), UID: u.GetUID(), Groups: u.GetGroups()}
		for k, v := range u.GetExtra() {
			if ui.Extra == nil {
				ui.Extra = map[string]authnv1.ExtraValue{}
			}
			ui.Extra[k] = v
		}
		return ui
	}
	authn = map[string]rest.Storage{
		"tokenreviews": &reviewREST{&authnv1.TokenReview{}, "tokenreview", false, func(ctx context.Context, o runtime.Object) (runtime.Object, error) {
			r := o.(*authnv1.TokenReview)
			if r.Spec.Token == "" {
				return nil, apierrors.NewBadRequest("token is required for TokenReview in authentication")
			}
			req := (&http.Request{Header: http.Header{}}).WithContext(context.Background())
			a := r.Spec.Audiences
			if len(a) == 0 {
				a = auds
			}
			req = req.WithContext(authenticator.WithAudiences(req.Context(), a))
			req.Header.Set("Authorization", "Bearer "+r.Spec.Token)
			resp, ok, err := an().AuthenticateRequest(req)
			r.Status = authnv1.TokenReviewStatus{Authenticated: ok}
			if err != nil {
				r.Status.Error = err.Error()
			}
			if ok && resp.User != nil {
				r.Status.User = toInfo(resp.User)
				r.Status.Audiences = resp.Audiences
				if len(resp.Audiences) == 0 {
					r.Status.Audiences = a
				}
			}
			return r, nil
		}},
		"selfsubjectreviews": &reviewREST{&authnv1.SelfSubjectReview{}, "selfsubjectreview", false, func(ctx context.Context, o runtime.Object) (runtime.Object, error) {
			r := o.(*authnv1.SelfSubjectReview)
			u, _ := genericapirequest.UserFrom(ctx)
			r.Status.UserInfo = toInfo(u)
			return r, nil
		}},
	}
	return
}

// ---- RBAC: no privilege escalation through roles or bindings ----

type rbacREST struct {
	*REST
	az       authorizer.Authorizer
	resolver rbacvalidation.AuthorizationRuleResolver
}

func isMaster(ctx context.Context) bool {
	u, ok := genericapirequest.UserFrom(ctx)
	if !ok {
		return true // loopback without user never happens over HTTP
	}
	for _, g := range u.GetGroups() {
		if g == user.SystemPrivilegedGroup {
			return true
		}
	}
	return false
}

func (r *rbacREST) allowed(ctx context.Context, verb, resource, name, ns string) bool {
	u, ok := genericapirequest.UserFrom(ctx)
	if !ok {
		return false
	}
	d, _, _ := r.az.Authorize(ctx, authorizer.AttributesRecord{User: u, Verb: verb, APIGroup: rbacv1.GroupName, APIVersion: "*", Resource: resource, Name: name, Namespace: ns, ResourceRequest: true})
	return d == authorizer.DecisionAllow
}

func (r *rbacREST) check(ctx context.Context, o runtime.Object) error {
	if isMaster(ctx) {
		return nil
	}
	ns := genericapirequest.NamespaceValue(ctx)
	var rules []rbacv1.PolicyRule
	var name string
	var err error
	roleKind := func(k string) string {
		if k == "Role" {
			return "roles"
		}
		return "clusterroles"
	}
	switch t := o.(type) {
	case *rbacv1.Role:
		name, rules = t.Name, t.Rules
		if r.allowed(ctx, "escalate", "roles", name, ns) {
			return nil
		}
	case *rbacv1.ClusterRole:
		name, rules = t.Name, t.Rules
		if r.allowed(ctx, "escalate", "clusterroles", name, "") {
			return nil
		}
		if t.AggregationRule != nil {
			rules = append([]rbacv1.PolicyRule{{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}, {NonResourceURLs: []string{"*"}, Verbs: []string{"*"}}}, rules...)
		}
	case *rbacv1.RoleBinding:
		name = t.Name
		if r.allowed(ctx, "bind", roleKind(t.RoleRef.Kind), t.RoleRef.Name, ns) {
			return nil
		}
		rules, err = r.resolver.GetRoleReferenceRules(t.RoleRef, ns)
	case *rbacv1.ClusterRoleBinding:
		name = t.Name
		if r.allowed(ctx, "bind", "clusterroles", t.RoleRef.Name, "") {
			return nil
		}
		rules, err = r.resolver.GetRoleReferenceRules(t.RoleRef, "")
	}
	if err != nil {
		return err
	}
	if err := rbacvalidation.ConfirmNoEscalation(ctx, r.resolver, rules); err != nil {
		return apierrors.NewForbidden(schema.GroupResource{Group: rbacv1.GroupName, Resource: r.r.plural}, name, err)
	}
	return nil
}

func (r *rbacREST) Create(ctx context.Context, o runtime.Object, cv rest.ValidateObjectFunc, opt *metav1.CreateOptions) (runtime.Object, error) {
	if err := r.check(ctx, o); err != nil {
		return nil, err
	}
	return r.Store.Create(ctx, o, cv, opt)
}

func (r *rbacREST) Update(ctx context.Context, name string, i rest.UpdatedObjectInfo, cv rest.ValidateObjectFunc, uv rest.ValidateObjectUpdateFunc, f bool, opt *metav1.UpdateOptions) (runtime.Object, bool, error) {
	w := rest.WrapUpdatedObjectInfo(i, func(ctx context.Context, o, old runtime.Object) (runtime.Object, error) {
		return o, r.check(ctx, o)
	})
	return r.Store.Update(ctx, name, w, cv, uv, f, opt)
}

// ---- bootstrap objects ----

func bootstrap(hc genericapiserver.PostStartHookContext) error {
	c, err := kubernetes.NewForConfig(hc.LoopbackClientConfig)
	if err != nil {
		return err
	}
	ok := func(err error) error {
		if apierrors.IsAlreadyExists(err) {
			return nil
		}
		return err
	}
	return wait.PollUntilContextTimeout(hc.Context, 200*time.Millisecond, 60*time.Second, true, func(ctx context.Context) (bool, error) {
		var errs []error
		add := func(err error) {
			if ok(err) != nil {
				errs = append(errs, err)
			}
		}
		co := metav1.CreateOptions{}
		for _, n := range []string{"kube-system", "kube-public", "kube-node-lease", "default"} {
			_, e := c.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: n}}, co)
			add(e)
		}
		for _, r := range append(bootstrappolicy.ClusterRoles(), bootstrappolicy.ControllerRoles()...) {
			_, e := c.RbacV1().ClusterRoles().Create(ctx, &r, co)
			add(e)
		}
		for _, r := range append(bootstrappolicy.ClusterRoleBindings(), bootstrappolicy.ControllerRoleBindings()...) {
			_, e := c.RbacV1().ClusterRoleBindings().Create(ctx, &r, co)
			add(e)
		}
		for ns, rs := range bootstrappolicy.NamespaceRoles() {
			for _, r := range rs {
				_, e := c.RbacV1().Roles(ns).Create(ctx, &r, co)
				add(e)
			}
		}
		for ns, rs := range bootstrappolicy.NamespaceRoleBindings() {
			for _, r := range rs {
				_, e := c.RbacV1().RoleBindings(ns).Create(ctx, &r, co)
				add(e)
			}
		}
		if len(errs) > 0 {
			fmt.Fprintln(os.Stderr, "bootstrap retry:", errs[0])
			return false, nil
		}
		return true, nil
	})
}
