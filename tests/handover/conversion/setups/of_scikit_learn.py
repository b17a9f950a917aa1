"""scikit-learn's models; but for trees each stands behind an imputer and a scaler, without which few take gaps."""

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.cross_decomposition import PLSRegression
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.impute import SimpleImputer
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    ARDRegression,
    BayesianRidge,
    ElasticNet,
    ElasticNetCV,
    GammaRegressor,
    HuberRegressor,
    Lasso,
    LassoCV,
    LassoLarsIC,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    OrthogonalMatchingPursuit,
    Perceptron,
    PoissonRegressor,
    QuantileRegressor,
    RANSACRegressor,
    Ridge,
    RidgeClassifier,
    RidgeCV,
    SGDClassifier,
    SGDRegressor,
    TheilSenRegressor,
    TweedieRegressor,
)
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestCentroid,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, MinMaxScaler, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR, NuSVC, NuSVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from tests.handover.conversion.setups.judge import Data, Fit, classifier, on_few, regressor

SEED: dict[str, Any] = {"random_state": 0}
FEW: dict[str, Any] = {"n_estimators": 6, "max_depth": 6, "random_state": 0}


def scaled(model: Any) -> Any:
    return make_pipeline(SimpleImputer(), StandardScaler(), model)


def small(model: Any) -> Any:
    """Put a model behind columns from 0 to 1."""
    return make_pipeline(SimpleImputer(), MinMaxScaler(clip=True), model)


def of_words(model: Any) -> Fit:
    """Train on classes that are words, in whose order the positive one comes last."""
    return lambda data: clone(model).fit(data.features, np.array(["False", "True"])[data.labels] == "True")


def of_few(model: Any) -> Fit:
    """Train a model that keeps its rows on some of them."""
    return on_few(classifier(model), 150)


def of_every_second(model: Any) -> Fit:
    """Train on half of the rows, of which some columns of the example nearly say the same."""
    return lambda data: clone(model).fit(data.features[::2], data.numbers[::2])


def of_categories(data: Data) -> list[int]:
    return list(data.codes)


def monotone(kind: Any, fit: Any) -> Fit:
    return lambda data: fit(kind(max_iter=6, monotonic_cst=[1] + [0] * (len(data.columns) - 1)))(data)


LINEAR: dict[str, Fit] = {
    "`LinearRegression`": regressor(scaled(LinearRegression())),
    "`LinearRegression`, of every second row": of_every_second(scaled(LinearRegression())),
    "`FunctionTransformer(np.float64)`, `LinearRegression`, of every second row": of_every_second(
        make_pipeline(FunctionTransformer(np.float64), scaled(LinearRegression()))
    ),
    "`LinearRegression(positive=True)`": regressor(scaled(LinearRegression(positive=True))),
    "`Ridge`": regressor(scaled(Ridge())),
    "`RidgeCV`": regressor(scaled(RidgeCV())),
    "`Lasso`": regressor(scaled(Lasso(alpha=0.01))),
    "`LassoCV`": regressor(scaled(LassoCV(cv=2))),
    "`LassoLarsIC`": regressor(scaled(LassoLarsIC())),
    "`ElasticNet`": regressor(scaled(ElasticNet(alpha=0.01))),
    "`ElasticNetCV`": regressor(scaled(ElasticNetCV(cv=2))),
    "`OrthogonalMatchingPursuit`": regressor(scaled(OrthogonalMatchingPursuit())),
    "`BayesianRidge`": regressor(scaled(BayesianRidge())),
    "`ARDRegression`": regressor(scaled(ARDRegression())),
    "`HuberRegressor`": regressor(scaled(HuberRegressor())),
    "`TheilSenRegressor`": regressor(scaled(TheilSenRegressor(max_subpopulation=50, **SEED))),
    "`RANSACRegressor(Ridge())`": regressor(scaled(RANSACRegressor(Ridge(), min_samples=0.5, max_trials=20, **SEED))),
    "`QuantileRegressor`": regressor(scaled(QuantileRegressor(alpha=0.01))),
    "`PoissonRegressor`": regressor(scaled(PoissonRegressor())),
    "`GammaRegressor`": regressor(scaled(GammaRegressor())),
    "`TweedieRegressor(power=1.5)`": regressor(scaled(TweedieRegressor(power=1.5))),
    "`SGDRegressor`": regressor(scaled(SGDRegressor(**SEED))),
    "`PLSRegression`": regressor(scaled(PLSRegression())),
    "`LogisticRegression`": classifier(scaled(LogisticRegression())),
    "`LogisticRegression` on raw columns": classifier(
        make_pipeline(SimpleImputer(), LogisticRegression(max_iter=3000))
    ),
    "`LogisticRegression(C=..., l1_ratio=1, solver='saga')`": classifier(
        scaled(LogisticRegression(C=0.1, l1_ratio=1, solver="saga", max_iter=1000, **SEED))
    ),
    "`LogisticRegressionCV`": classifier(
        scaled(LogisticRegressionCV(Cs=2, cv=2, l1_ratios=(0,), use_legacy_attributes=False, scoring="neg_log_loss"))
    ),
    "`SGDClassifier(loss='log_loss')`": classifier(scaled(SGDClassifier(loss="log_loss", **SEED))),
    "`SGDClassifier(loss='modified_huber')`": classifier(scaled(SGDClassifier(loss="modified_huber", **SEED))),
    "`SGDClassifier`": classifier(scaled(SGDClassifier(**SEED))),
    "`RidgeClassifier`": classifier(scaled(RidgeClassifier())),
    "`Perceptron`": classifier(scaled(Perceptron(**SEED))),
    "`LinearDiscriminantAnalysis`": classifier(scaled(LinearDiscriminantAnalysis())),
    "`LinearDiscriminantAnalysis(solver='lsqr', shrinkage='auto')`": classifier(
        scaled(LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"))
    ),
    "`QuadraticDiscriminantAnalysis`": classifier(scaled(QuadraticDiscriminantAnalysis(reg_param=0.1))),
}

TREES: dict[str, Fit] = {
    "`DecisionTreeClassifier`": classifier(DecisionTreeClassifier(**SEED)),
    "`DecisionTreeClassifier(ccp_alpha=..., class_weight='balanced')`": classifier(
        DecisionTreeClassifier(ccp_alpha=0.002, class_weight="balanced", **SEED)
    ),
    "`DecisionTreeRegressor`": regressor(DecisionTreeRegressor(**SEED)),
    "`ExtraTreeClassifier`": classifier(ExtraTreeClassifier(**SEED)),
    "`ExtraTreeRegressor`": regressor(ExtraTreeRegressor(**SEED)),
    "`RandomForestClassifier`": classifier(RandomForestClassifier(**FEW)),
    "`RandomForestClassifier(monotonic_cst=...)`": lambda data: RandomForestClassifier(
        monotonic_cst=[1] + [0] * (len(data.columns) - 1), **FEW
    ).fit(np.nan_to_num(data.features), data.labels),
    "`RandomForestRegressor`": regressor(RandomForestRegressor(**FEW)),
    "`RandomForestRegressor(criterion='poisson')`": regressor(RandomForestRegressor(criterion="poisson", **FEW)),
    "`ExtraTreesClassifier`": classifier(ExtraTreesClassifier(**FEW)),
    "`ExtraTreesRegressor`": regressor(ExtraTreesRegressor(**FEW)),
    "`GradientBoostingClassifier`": classifier(GradientBoostingClassifier(n_estimators=6, **SEED)),
    "`GradientBoostingClassifier(loss='exponential')`": classifier(
        GradientBoostingClassifier(n_estimators=6, loss="exponential", **SEED)
    ),
    "`GradientBoostingClassifier(init='zero')`": classifier(
        GradientBoostingClassifier(n_estimators=6, init="zero", **SEED)
    ),
    "`GradientBoostingClassifier(init=LogisticRegression())`": classifier(
        small(GradientBoostingClassifier(n_estimators=6, init=LogisticRegression(max_iter=2000), **SEED))
    ),
    "`GradientBoostingClassifier(subsample=0.5, n_iter_no_change=2)`": classifier(
        GradientBoostingClassifier(n_estimators=30, subsample=0.5, n_iter_no_change=2, **SEED)
    ),
    "`GradientBoostingRegressor`": regressor(GradientBoostingRegressor(n_estimators=6, **SEED)),
    "`GradientBoostingRegressor(loss='quantile')`": regressor(
        GradientBoostingRegressor(n_estimators=6, loss="quantile", **SEED)
    ),
    "`GradientBoostingRegressor(loss='huber')`": regressor(
        GradientBoostingRegressor(n_estimators=6, loss="huber", **SEED)
    ),
    "`HistGradientBoostingClassifier`": classifier(HistGradientBoostingClassifier(max_iter=6)),
    "`HistGradientBoostingClassifier(categorical_features=...)`": lambda data: HistGradientBoostingClassifier(
        max_iter=6, categorical_features=of_categories(data)
    ).fit(data.features, data.labels),
    "`HistGradientBoostingClassifier(monotonic_cst=...)`": monotone(HistGradientBoostingClassifier, classifier),
    "`HistGradientBoostingClassifier(early_stopping=True)`": classifier(
        HistGradientBoostingClassifier(max_iter=30, early_stopping=True, n_iter_no_change=2, **SEED)
    ),
    "`HistGradientBoostingClassifier(interaction_cst='no_interactions')`": classifier(
        HistGradientBoostingClassifier(max_iter=6, interaction_cst="no_interactions")
    ),
    "`HistGradientBoostingRegressor`": regressor(HistGradientBoostingRegressor(max_iter=6)),
    **{
        f"`HistGradientBoostingRegressor(loss='{loss}')`": regressor(
            HistGradientBoostingRegressor(max_iter=6, loss=loss, quantile=0.7)
        )
        for loss in ("absolute_error", "gamma", "poisson", "quantile")
    },
    "`AdaBoostClassifier`": classifier(small(AdaBoostClassifier(n_estimators=6, **SEED))),
    "`AdaBoostClassifier(DecisionTreeClassifier(max_depth=3))`": classifier(
        small(AdaBoostClassifier(DecisionTreeClassifier(max_depth=3), n_estimators=6, **SEED))
    ),
    "`AdaBoostClassifier(LogisticRegression())`": classifier(
        small(AdaBoostClassifier(LogisticRegression(), n_estimators=3, **SEED))
    ),
    "`AdaBoostRegressor`": regressor(small(AdaBoostRegressor(n_estimators=6, **SEED))),
    "`BaggingClassifier`": classifier(BaggingClassifier(n_estimators=6, **SEED)),
    "`BaggingClassifier(max_samples=0.5, max_features=0.5)`": classifier(
        BaggingClassifier(n_estimators=6, max_samples=0.5, max_features=0.5, **SEED)
    ),
    "`BaggingClassifier(LogisticRegression())`": classifier(
        scaled(BaggingClassifier(LogisticRegression(), n_estimators=3, **SEED))
    ),
    "`BaggingClassifier(LinearSVC())`": classifier(scaled(BaggingClassifier(LinearSVC(), n_estimators=3, **SEED))),
    "`BaggingRegressor`": regressor(BaggingRegressor(n_estimators=6, **SEED)),
    "`BaggingRegressor(LinearRegression(), max_features=0.5)`": regressor(
        scaled(BaggingRegressor(LinearRegression(), n_estimators=3, max_features=0.5, **SEED))
    ),
    "`IsolationForest`": lambda data: IsolationForest(n_estimators=6, **SEED).fit(np.nan_to_num(data.features)),
}

OTHERS: dict[str, Fit] = {
    "`SVC(probability=True)`": classifier(scaled(SVC(probability=True, **SEED))),
    "`SVC(kernel='linear', probability=True)`": on_few(
        classifier(scaled(SVC(kernel="linear", probability=True, **SEED)))
    ),
    "`SVC(kernel='poly', probability=True)`": on_few(classifier(scaled(SVC(kernel="poly", probability=True, **SEED)))),
    "`SVC`": classifier(scaled(SVC())),
    "`NuSVC(probability=True)`": on_few(classifier(scaled(NuSVC(nu=0.3, probability=True, **SEED)))),
    "`LinearSVC`": classifier(scaled(LinearSVC())),
    "`SVR`": regressor(scaled(SVR())),
    "`SVR(kernel='linear')`": on_few(regressor(scaled(SVR(kernel="linear")))),
    "`NuSVR`": on_few(regressor(scaled(NuSVR()))),
    "`LinearSVR`": regressor(scaled(LinearSVR(**SEED))),
    "`KernelRidge`": regressor(scaled(KernelRidge())),
    "`KernelRidge(kernel='rbf')`": regressor(scaled(KernelRidge(kernel="rbf"))),
    "`KNeighborsClassifier`": of_few(scaled(KNeighborsClassifier())),
    "`KNeighborsClassifier(weights='distance')`": classifier(scaled(KNeighborsClassifier(weights="distance"))),
    "`KNeighborsClassifier(p=1)`": classifier(scaled(KNeighborsClassifier(p=1))),
    "`KNeighborsRegressor`": of_few(scaled(KNeighborsRegressor())),
    "`RadiusNeighborsClassifier`": classifier(scaled(RadiusNeighborsClassifier(8.0, outlier_label=0))),
    "`RadiusNeighborsRegressor`": regressor(scaled(RadiusNeighborsRegressor(8.0))),
    "`NearestCentroid`": classifier(scaled(NearestCentroid())),
    "`GaussianNB`": classifier(scaled(GaussianNB())),
    "`GaussianNB`, fitted on `.astype(float)`": lambda data: scaled(GaussianNB()).fit(
        data.features.astype(float), data.labels
    ),
    "`BernoulliNB`": classifier(scaled(BernoulliNB())),
    "`BernoulliNB(binarize=0.1)`": classifier(small(BernoulliNB(binarize=0.1))),
    "`MultinomialNB`": classifier(small(MultinomialNB())),
    "`ComplementNB`": classifier(small(ComplementNB())),
    "`CategoricalNB` behind `KBinsDiscretizer`": classifier(
        make_pipeline(SimpleImputer(), KBinsDiscretizer(4, encode="ordinal", strategy="uniform"), CategoricalNB())
    ),
    "`GaussianProcessClassifier`": of_few(scaled(GaussianProcessClassifier(max_iter_predict=5))),
    "`GaussianProcessRegressor`": of_few(scaled(GaussianProcessRegressor(alpha=0.1))),
    "`MLPClassifier`": classifier(scaled(MLPClassifier((6,), max_iter=50, **SEED))),
    "`MLPClassifier(activation='tanh')`": classifier(scaled(MLPClassifier((6, 4), "tanh", max_iter=50, **SEED))),
    "`MLPClassifier(activation='logistic')`": classifier(scaled(MLPClassifier((6,), "logistic", max_iter=50, **SEED))),
    "`MLPRegressor`": regressor(scaled(MLPRegressor(hidden_layer_sizes=(6,), max_iter=50, **SEED))),
    "`DummyClassifier`": classifier(DummyClassifier()),
    "`DummyRegressor`": regressor(DummyRegressor()),
    "`SelfTrainingClassifier(LogisticRegression())`": classifier(scaled(SelfTrainingClassifier(LogisticRegression()))),
}
