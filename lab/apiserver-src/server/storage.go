package main

import (
	"context"
	"fmt"
	"reflect"
	"strconv"

	admv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/api/validation/path"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage"
	storageerr "k8s.io/apiserver/pkg/storage/errors"
	"k8s.io/apiserver/pkg/storage/names"
	"k8s.io/apiserver/pkg/util/dryrun"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

func newLike(o runtime.Object) runtime.Object {
	return reflect.New(reflect.TypeOf(o).Elem()).Interface().(runtime.Object)
}
func fieldOf(o runtime.Object, name string) reflect.Value {
	return reflect.ValueOf(o).Elem().FieldByName(name)
}

// strategy is the one create/update/delete strategy for all built-in kinds.
type strategy struct {
	runtime.ObjectTyper
	names.NameGenerator
	r      res
	status bool // this is the status (or namespace finalize) strategy
	final  bool
}

func (s strategy) NamespaceScoped() bool       { return s.r.namespaced }
func (s strategy) Canonicalize(runtime.Object) {}
func (s strategy) AllowCreateOnUpdate() bool {
	return s.r.plural == "leases" || s.r.plural == "events" || s.r.gv.Group == rbacv1.GroupName
}
func (s strategy) AllowUnconditionalUpdate() bool                            { return true }
func (s strategy) WarningsOnCreate(context.Context, runtime.Object) []string { return nil }
func (s strategy) WarningsOnUpdate(context.Context, runtime.Object, runtime.Object) []string {
	return nil
}

func (s strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	if s.final || !hasStatus(s.r) {
		return nil
	}
	f := "status"
	if s.status {
		f = "spec"
	}
	return map[fieldpath.APIVersion]*fieldpath.Set{fieldpath.APIVersion(s.r.gv.String()): fieldpath.NewSet(fieldpath.MakePathOrDie(f))}
}

func hasStatus(r res) bool { return fieldOf(r.obj, "Status").IsValid() }

func (s strategy) PrepareForCreate(_ context.Context, o runtime.Object) {
	if st := fieldOf(o, "Status"); st.IsValid() {
		// a Node or CSR may be created with status; everything else starts empty
		if s.r.plural != "nodes" {
			st.Set(reflect.Zero(st.Type()))
		}
	}
	switch t := o.(type) {
	case *corev1.Namespace:
		t.Status.Phase = corev1.NamespaceActive
		has := false
		for _, f := range t.Spec.Finalizers {
			has = has || f == corev1.FinalizerKubernetes
		}
		if !has {
			t.Spec.Finalizers = append(t.Spec.Finalizers, corev1.FinalizerKubernetes)
		}
		nsLabel(t)
	case *corev1.Secret:
		mergeStringData(t)
	case *corev1.Pod:
		t.Status.Phase = corev1.PodPending
		t.Generation = 1
	case *appsv1.Deployment, *appsv1.ReplicaSet, *appsv1.StatefulSet, *appsv1.DaemonSet, *admv1.ValidatingAdmissionPolicy, *admv1.MutatingAdmissionPolicy:
	}
	if fieldOf(o, "Spec").IsValid() {
		if m, err := meta.Accessor(o); err == nil {
			switch o.(type) {
			case *corev1.Namespace, *corev1.Node, *corev1.Service, *corev1.PersistentVolume, *corev1.PersistentVolumeClaim, *corev1.ResourceQuota, *corev1.LimitRange:
			default:
				m.SetGeneration(1)
			}
		}
	}
}

func nsLabel(n *corev1.Namespace) {
	if n.Labels == nil {
		n.Labels = map[string]string{}
	}
	n.Labels[corev1.LabelMetadataName] = n.Name
}

func mergeStringData(t *corev1.Secret) {
	if len(t.StringData) > 0 && t.Data == nil {
		t.Data = map[string][]byte{}
	}
	for k, v := range t.StringData {
		t.Data[k] = []byte(v)
	}
	t.StringData = nil
}

func (s strategy) PrepareForUpdate(_ context.Context, o, old runtime.Object) {
	nm, _ := meta.Accessor(o)
	om, _ := meta.Accessor(old)
	if s.final {
		n, ol := o.(*corev1.Namespace), old.(*corev1.Namespace)
		fin, mf := n.Spec.Finalizers, n.ManagedFields
		rv := n.ResourceVersion
		*n = *ol.DeepCopy()
		n.Spec.Finalizers, n.ManagedFields, n.ResourceVersion = fin, mf, rv
		return
	}
	if s.status {
		st := fieldOf(o, "Status")
		keep := reflect.New(st.Type()).Elem()
		keep.Set(st)
		mf, rv := nm.GetManagedFields(), nm.GetResourceVersion()
		labels, ann := nm.GetLabels(), nm.GetAnnotations()
		reflect.ValueOf(o).Elem().Set(reflect.ValueOf(old.DeepCopyObject()).Elem())
		fieldOf(o, "Status").Set(keep)
		nm.SetManagedFields(mf)
		nm.SetResourceVersion(rv)
		switch o.(type) {
		case *corev1.Node, *corev1.Namespace, *corev1.Pod: // metadata may change through status for these, as upstream
			nm.SetLabels(labels)
			nm.SetAnnotations(ann)
		}
		return
	}
	if st := fieldOf(o, "Status"); st.IsValid() {
		st.Set(fieldOf(old.DeepCopyObject(), "Status"))
	}
	switch t := o.(type) {
	case *corev1.Namespace:
		t.Spec.Finalizers = old.(*corev1.Namespace).Spec.Finalizers
		nsLabel(t)
	case *corev1.Secret:
		if t.Type == "" {
			t.Type = old.(*corev1.Secret).Type
		}
		mergeStringData(t)
	}
	nm.SetGeneration(om.GetGeneration())
	if sp := fieldOf(o, "Spec"); sp.IsValid() && om.GetGeneration() > 0 {
		if !apiequality.Semantic.DeepEqual(sp.Interface(), fieldOf(old, "Spec").Interface()) {
			nm.SetGeneration(om.GetGeneration() + 1)
		}
	}
}

func (s strategy) nameFn() apivalidation.ValidateNameFunc {
	switch s.r.plural {
	case "namespaces":
		return apivalidation.ValidateNamespaceName
	case "services":
		return apivalidation.NameIsDNS1035Label
	}
	if s.r.gv.Group == rbacv1.GroupName {
		return path.ValidatePathSegmentName
	}
	return apivalidation.NameIsDNSSubdomain
}

func (s strategy) Validate(_ context.Context, o runtime.Object) field.ErrorList {
	m, _ := meta.Accessor(o)
	errs := field.ErrorList{}
	for _, msg := range s.nameFn()(m.GetName(), false) {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), m.GetName(), msg))
	}
	return append(errs, validateSpec(o)...)
}

func (s strategy) ValidateUpdate(_ context.Context, o, old runtime.Object) field.ErrorList {
	errs := field.ErrorList{}
	if s.status || s.final {
		return errs
	}
	same := func(what string, a, b interface{}) {
		if !apiequality.Semantic.DeepEqual(a, b) {
			errs = append(errs, field.Invalid(field.NewPath(what), a, "field is immutable"))
		}
	}
	switch t := o.(type) {
	case *corev1.Secret:
		ol := old.(*corev1.Secret)
		same("type", t.Type, ol.Type)
		if ol.Immutable != nil && *ol.Immutable {
			same("data", t.Data, ol.Data)
			same("immutable", t.Immutable, ol.Immutable)
		}
	case *corev1.ConfigMap:
		ol := old.(*corev1.ConfigMap)
		if ol.Immutable != nil && *ol.Immutable {
			same("data", t.Data, ol.Data)
			same("binaryData", t.BinaryData, ol.BinaryData)
			same("immutable", t.Immutable, ol.Immutable)
		}
	case *rbacv1.RoleBinding:
		same("roleRef", t.RoleRef, old.(*rbacv1.RoleBinding).RoleRef)
	case *rbacv1.ClusterRoleBinding:
		same("roleRef", t.RoleRef, old.(*rbacv1.ClusterRoleBinding).RoleRef)
	case *appsv1.Deployment:
		same("spec.selector", t.Spec.Selector, old.(*appsv1.Deployment).Spec.Selector)
	}
	return append(errs, validateSpec(o)...)
}

// validateSpec covers only the checks an operator's tests most often lean on; it is NOT upstream's full validation.
func validateSpec(o runtime.Object) (errs field.ErrorList) {
	switch t := o.(type) {
	case *corev1.Secret:
		total := 0
		for k, v := range t.Data {
			total += len(v)
			for _, m := range validation.IsConfigMapKey(k) {
				errs = append(errs, field.Invalid(field.NewPath("data").Key(k), k, m))
			}
		}
		if total > corev1.MaxSecretSize {
			errs = append(errs, field.TooLong(field.NewPath("data"), "", corev1.MaxSecretSize))
		}
	case *corev1.ConfigMap:
		for k := range t.Data {
			for _, m := range validation.IsConfigMapKey(k) {
				errs = append(errs, field.Invalid(field.NewPath("data").Key(k), k, m))
			}
		}
	case *corev1.Pod:
		errs = validatePodSpec(&t.Spec, field.NewPath("spec"))
	case *appsv1.Deployment:
		errs = validateSelector(t.Spec.Selector, &t.Spec.Template)
	case *appsv1.ReplicaSet:
		errs = validateSelector(t.Spec.Selector, &t.Spec.Template)
	case *appsv1.StatefulSet:
		errs = validateSelector(t.Spec.Selector, &t.Spec.Template)
	case *appsv1.DaemonSet:
		errs = validateSelector(t.Spec.Selector, &t.Spec.Template)
	case *rbacv1.RoleBinding:
		errs = validateRoleRef(t.RoleRef, "ClusterRole", "Role")
	case *rbacv1.ClusterRoleBinding:
		errs = validateRoleRef(t.RoleRef, "ClusterRole")
	case *corev1.Event:
		if t.InvolvedObject.Namespace != "" && t.InvolvedObject.Namespace != t.Namespace {
			errs = append(errs, field.Invalid(field.NewPath("involvedObject", "namespace"), t.InvolvedObject.Namespace, "does not match event.namespace"))
		}
	}
	return errs
}

func validateRoleRef(r rbacv1.RoleRef, kinds ...string) (errs field.ErrorList) {
	if r.APIGroup != rbacv1.GroupName {
		errs = append(errs, field.NotSupported(field.NewPath("roleRef", "apiGroup"), r.APIGroup, []string{rbacv1.GroupName}))
	}
	ok := false
	for _, k := range kinds {
		ok = ok || k == r.Kind
	}
	if !ok {
		errs = append(errs, field.NotSupported(field.NewPath("roleRef", "kind"), r.Kind, kinds))
	}
	if r.Name == "" {
		errs = append(errs, field.Required(field.NewPath("roleRef", "name"), ""))
	}
	return
}

func validatePodSpec(s *corev1.PodSpec, p *field.Path) (errs field.ErrorList) {
	if len(s.Containers) == 0 {
		errs = append(errs, field.Required(p.Child("containers"), ""))
	}
	seen := map[string]bool{}
	for i, c := range s.Containers {
		cp := p.Child("containers").Index(i)
		for _, m := range validation.IsDNS1123Label(c.Name) {
			errs = append(errs, field.Invalid(cp.Child("name"), c.Name, m))
		}
		if c.Image == "" {
			errs = append(errs, field.Required(cp.Child("image"), ""))
		}
		if seen[c.Name] {
			errs = append(errs, field.Duplicate(cp.Child("name"), c.Name))
		}
		seen[c.Name] = true
	}
	return
}

func validateSelector(sel *metav1.LabelSelector, t *corev1.PodTemplateSpec) (errs field.ErrorList) {
	p := field.NewPath("spec", "selector")
	if sel == nil || len(sel.MatchLabels)+len(sel.MatchExpressions) == 0 {
		return append(errs, field.Required(p, ""))
	}
	q, err := metav1.LabelSelectorAsSelector(sel)
	if err != nil {
		return append(errs, field.Invalid(p, sel, err.Error()))
	}
	if !q.Matches(labels.Set(t.Labels)) {
		errs = append(errs, field.Invalid(field.NewPath("spec", "template", "metadata", "labels"), t.Labels, "`selector` does not match template `labels`"))
	}
	return append(errs, validatePodSpec(&t.Spec, field.NewPath("spec", "template", "spec"))...)
}

func attrs(r res) storage.AttrFunc {
	return func(o runtime.Object) (labels.Set, fields.Set, error) {
		m, err := meta.Accessor(o)
		if err != nil {
			return nil, nil, err
		}
		f := fields.Set{"metadata.name": m.GetName()}
		if r.namespaced {
			f["metadata.namespace"] = m.GetNamespace()
		}
		switch t := o.(type) {
		case *corev1.Event:
			f["involvedObject.kind"], f["involvedObject.namespace"], f["involvedObject.name"] = t.InvolvedObject.Kind, t.InvolvedObject.Namespace, t.InvolvedObject.Name
			f["involvedObject.uid"], f["involvedObject.apiVersion"] = string(t.InvolvedObject.UID), t.InvolvedObject.APIVersion
			f["involvedObject.resourceVersion"], f["involvedObject.fieldPath"] = t.InvolvedObject.ResourceVersion, t.InvolvedObject.FieldPath
			f["reason"], f["reportingComponent"], f["source"], f["type"] = t.Reason, t.ReportingController, t.Source.Component, t.Type
		case *corev1.Pod:
			f["spec.nodeName"], f["spec.restartPolicy"], f["spec.schedulerName"], f["spec.serviceAccountName"] = t.Spec.NodeName, string(t.Spec.RestartPolicy), t.Spec.SchedulerName, t.Spec.ServiceAccountName
			f["status.phase"], f["status.podIP"], f["status.nominatedNodeName"] = string(t.Status.Phase), t.Status.PodIP, t.Status.NominatedNodeName
		case *corev1.Secret:
			f["type"] = string(t.Type)
		case *corev1.Node:
			f["spec.unschedulable"] = strconv.FormatBool(t.Spec.Unschedulable)
		case *corev1.Namespace:
			f["status.phase"] = string(t.Status.Phase)
		}
		return m.GetLabels(), f, nil
	}
}

// REST wraps the generic store with short names and categories.
type REST struct {
	*genericregistry.Store
	r res
}

func (r *REST) ShortNames() []string {
	if r.r.short == "" {
		return nil
	}
	return []string{r.r.short}
}
func (r *REST) Categories() []string {
	switch r.r.plural {
	case "pods", "services", "deployments", "replicasets", "statefulsets", "daemonsets", "jobs", "cronjobs", "replicationcontrollers", "horizontalpodautoscalers":
		return []string{"all"}
	}
	return nil
}

// StatusREST is a status-like subresource.
type StatusREST struct{ store *genericregistry.Store }

func (r *StatusREST) New() runtime.Object { return r.store.New() }
func (r *StatusREST) Destroy()            {}
func (r *StatusREST) Get(ctx context.Context, name string, o *metav1.GetOptions) (runtime.Object, error) {
	return r.store.Get(ctx, name, o)
}
func (r *StatusREST) Update(ctx context.Context, name string, i rest.UpdatedObjectInfo, c rest.ValidateObjectFunc, u rest.ValidateObjectUpdateFunc, _ bool, o *metav1.UpdateOptions) (runtime.Object, bool, error) {
	return r.store.Update(ctx, name, i, c, u, false, o)
}
func (r *StatusREST) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return r.store.GetResetFields()
}
func (r *StatusREST) ConvertToTable(ctx context.Context, object runtime.Object, tableOptions runtime.Object) (*metav1.Table, error) {
	return r.store.ConvertToTable(ctx, object, tableOptions)
}

func newStore(r res, opts generic.RESTOptionsGetter) (*genericregistry.Store, error) {
	st := strategy{ObjectTyper: Scheme, NameGenerator: names.SimpleNameGenerator, r: r}
	gr := r.gv.WithResource(r.plural).GroupResource()
	s := &genericregistry.Store{
		NewFunc:                   func() runtime.Object { return newLike(r.obj) },
		NewListFunc:               func() runtime.Object { return newLike(r.list) },
		DefaultQualifiedResource:  gr,
		SingularQualifiedResource: schema.GroupResource{Group: gr.Group, Resource: singular(r.plural)},
		CreateStrategy:            st,
		UpdateStrategy:            st,
		DeleteStrategy:            st,
		ResetFieldsStrategy:       st,
		TableConvertor:            rest.NewDefaultTableConvertor(gr),
	}
	if r.plural == "events" {
		s.TTLFunc = func(runtime.Object, uint64, bool) (uint64, error) { return 3600, nil }
	}
	if r.plural == "namespaces" {
		s.ShouldDeleteDuringUpdate = func(ctx context.Context, key string, obj, existing runtime.Object) bool {
			return len(obj.(*corev1.Namespace).Spec.Finalizers) == 0 && genericregistry.ShouldDeleteDuringUpdate(ctx, key, obj, existing)
		}
		s.ReturnDeletedObject = true
	}
	a := attrs(r)
	return s, s.CompleteWithOptions(&generic.StoreOptions{RESTOptions: opts, AttrFunc: a})
}

// NamespaceREST keeps spec.finalizers semantics of namespaces.
type NamespaceREST struct{ *REST }

func (n *NamespaceREST) Delete(ctx context.Context, name string, dv rest.ValidateObjectFunc, o *metav1.DeleteOptions) (runtime.Object, bool, error) {
	obj, err := n.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, false, err
	}
	ns := obj.(*corev1.Namespace)
	gr := corev1.Resource("namespaces")
	if o == nil {
		o = metav1.NewDeleteOptions(0)
	}
	if o.Preconditions == nil {
		o.Preconditions = &metav1.Preconditions{}
	}
	if o.Preconditions.UID == nil {
		o.Preconditions.UID = &ns.UID
	} else if *o.Preconditions.UID != ns.UID {
		return nil, false, apierrors.NewConflict(gr, name, fmt.Errorf("Precondition failed: UID in precondition: %v, UID in object meta: %v", *o.Preconditions.UID, ns.UID))
	}
	if ns.DeletionTimestamp.IsZero() {
		key, err := n.KeyFunc(ctx, name)
		if err != nil {
			return nil, false, err
		}
		out := n.NewFunc()
		err = n.Storage.GuaranteedUpdate(ctx, key, out, false, &storage.Preconditions{UID: o.Preconditions.UID, ResourceVersion: o.Preconditions.ResourceVersion},
			storage.SimpleUpdate(func(e runtime.Object) (runtime.Object, error) {
				en := e.(*corev1.Namespace)
				if err := dv(ctx, en); err != nil {
					return nil, err
				}
				if en.DeletionTimestamp.IsZero() {
					now := metav1.Now()
					en.DeletionTimestamp = &now
				}
				en.Status.Phase = corev1.NamespaceTerminating
				return en, nil
			}), dryrun.IsDryRun(o.DryRun), nil)
		if err != nil {
			err = storageerr.InterpretUpdateError(storageerr.InterpretGetError(err, gr, name), gr, name)
			if _, ok := err.(*apierrors.StatusError); !ok {
				err = apierrors.NewInternalError(err)
			}
			return nil, false, err
		}
		return out, false, nil
	}
	if len(ns.Spec.Finalizers) != 0 {
		return ns, false, nil
	}
	return n.Store.Delete(ctx, name, dv, o)
}

