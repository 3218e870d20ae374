"""Classifies the digits that scikit-learn brings along by support vectors; the seed says which of them are tested."""

import labrun


def train(run):
    import numpy
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    images, labels = load_digits(return_X_y=True)
    train_rows, test_rows = train_test_split(
        numpy.arange(len(images)), test_size=run.config.test_share, stratify=labels, random_state=run.seed)

    classifier = SVC(C=run.config.C, kernel=run.config.kernel)
    model = {"none": lambda: classifier, "standard": lambda: make_pipeline(StandardScaler(), classifier)}[
        run.config.scaling]()
    model.fit(images[train_rows], labels[train_rows])

    scores = model.decision_function(images[test_rows])
    # A digit is known by its row, so that runs which test the same digit can be compared on it.
    run.predictions(scores, labels[test_rows], ids=test_rows)
    run.log(
        test_accuracy=numpy.mean(scores.argmax(axis=1) == labels[test_rows]),
        support_vectors=classifier.n_support_.sum())


labrun.main(train, defaults={"kernel": "rbf", "scaling": "none", "C": 1.0, "test_share": 0.3})
