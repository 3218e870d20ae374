#!/usr/bin/env Rscript
# Writes the reference values of the analysis of designed experiments: lm for the fits, multcomp and mvtnorm for
# simultaneous comparisons, anova and drop1 for the analysis of variance, power.t.test for plans.
#
# Usage: Rscript make_analysis.R   (writes analysis.json beside itself; needs multcomp and mvtnorm)

suppressMessages(library(multcomp))
options(contrasts = c("contr.treatment", "contr.poly"))
file <- sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))
folder <- if (length(file)) dirname(file) else "."

# What JSON needs, with all digits; NA is null.
json <- function(x) {
  if (is.null(x)) return("null")
  if (is.list(x)) {
    if (is.null(names(x))) return(paste0("[", paste(sapply(x, json), collapse = ", "), "]"))
    return(paste0("{", paste0("\"", names(x), "\": ", sapply(x, json), collapse = ",\n"), "}"))
  }
  text <- if (is.character(x)) paste0("\"", x, "\"")
    else if (is.logical(x)) tolower(x) else ifelse(is.na(x), "null", sprintf("%.17g", x))
  text[is.na(x)] <- "null"
  if (length(x) == 1 && !inherits(x, "AsIs")) text else paste0("[", paste(text, collapse = ", "), "]")
}
column <- function(x) I(as.vector(unname(x)))

# The test accuracies of ablation.json with vectors of AVX-512 in points, the seeds in columns. A table of their means, standard
# deviations and paired intervals leaves one solution in steps of 1/2000, up to the order of the seeds.
reference <- matrix(c(
  82.70, 83.65, 83.75,  78.45, 77.40, 79.15,  82.95, 82.80, 83.60,  76.75, 77.70, 79.50,
  82.85, 83.15, 84.20,  78.75, 77.75, 79.45,  82.75, 82.50, 83.80,  77.55, 77.45, 79.15,
  84.15, 84.00, 83.75,  78.30, 77.80, 79.75,  84.35, 83.35, 84.05,  78.15, 78.45, 78.30), ncol = 3, byrow = TRUE)
factors <- expand.grid(loss = 0:1, downsample = 0:1, conv = 0:2)

long <- function(values, levels = NULL) {
  data <- data.frame(treatment = factor(rep(seq_len(nrow(values)) - 1, ncol(values))),
                     block = factor(rep(seq_len(ncol(values)) - 1, each = nrow(values))), value = as.vector(values))
  if (!is.null(levels)) for (name in names(levels)) data[[name]] <- factor(rep(levels[[name]], ncol(values)))
  data[!is.na(data$value), ]
}

set.seed(7)
simulated <- function(t, b, missing = c()) {
  values <- outer(rnorm(t), rnorm(b, sd = 2), "+") + rnorm(t * b) + 50
  values[missing] <- NA
  values
}
designs <- list(
  reference = reference,
  complete = simulated(4, 6),
  fewBlocks = simulated(7, 3, c(2, 5, 15)),
  manyBlocks = simulated(4, 9, c(1, 6, 11, 16, 21, 22, 36)),
  chain = matrix(c(1.2, 2.4, NA, NA, NA, 2.9, 3.3, NA, NA, NA, 4.1, 5.6, 0.4, NA, NA, 6.2), ncol = 4))
if (nrow(reference) != 12) stop("the reference has twelve variants")

fits <- lapply(designs, function(values) {
  data <- long(values)
  model <- lm(value ~ treatment + block, data)
  t <- nrow(values)
  grid <- expand.grid(treatment = levels(data$treatment), block = levels(data$block))
  design <- model.matrix(~ treatment + block, grid)
  means <- t(sapply(levels(data$treatment), function(name) colMeans(design[grid$treatment == name, , drop = FALSE])))
  result <- list(
    values = lapply(seq_len(t), function(i) column(values[i, ])),
    df = model$df.residual, deviation = sigma(model), residuals = column(residuals(model)),
    treatments = column(as.numeric(as.character(data$treatment))), blocks = column(as.numeric(as.character(data$block))),
    means = column(means %*% coef(model)), meanErrors = column(sqrt(diag(means %*% vcov(model) %*% t(means)))),
    leverages = column(hatvalues(model)), studentized = column(rstudent(model)))
  pairs <- t(combn(t, 2))
  contrasts <- matrix(0, nrow(pairs), t)
  contrasts[cbind(seq_len(nrow(pairs)), pairs[, 2])] <- 1
  contrasts[cbind(seq_len(nrow(pairs)), pairs[, 1])] <- contrasts[cbind(seq_len(nrow(pairs)), pairs[, 1])] - 1
  contrasts <- cbind(0, contrasts[, -1, drop = FALSE], matrix(0, nrow(pairs), ncol(values) - 1))
  estimates <- contrasts %*% coef(model)
  errors <- sqrt(diag(contrasts %*% vcov(model) %*% t(contrasts)))
  result$pairs <- list(
    treatment = column(pairs[, 2] - 1), reference = column(pairs[, 1] - 1), estimate = column(estimates),
    error = column(errors), p = column(2 * pt(-abs(estimates / errors), model$df.residual)))
  if (model$df.residual > 1) {
    dunnett <- glht(model, linfct = mcp(treatment = "Dunnett"))
    set.seed(1)
    critical <- attr(confint(dunnett)$confint, "calpha")
    tests <- summary(dunnett, test = adjusted("single-step", abseps = 1e-5, maxpts = 2e5))$test
    holm <- summary(dunnett, test = adjusted("holm"))$test
    correlation <- cov2cor(as.matrix(vcov(dunnett)))
    survival <- sapply(c(2, 3), function(t) 1 - pmvt(
      rep(-t, nrow(correlation)), rep(t, nrow(correlation)), df = model$df.residual, corr = correlation,
      algorithm = GenzBretz(maxpts = 1e6, abseps = 1e-6)))
    result$dunnett <- list(critical = unname(critical), survival = column(survival), p = column(tests$pvalues), holm = column(holm$pvalues))
    statistics <- abs(estimates / errors) * sqrt(2)
    result$tukey <- list(critical = qtukey(0.95, t, model$df.residual) / sqrt(2),
                         p = column(ptukey(statistics, t, model$df.residual, lower.tail = FALSE)))
  }
  result
})

# Tukey's test for additivity, by the regression that defines it; outliers by Bonferroni.
additivity <- lapply(designs[c("reference", "complete")], function(values) {
  data <- long(values)
  model <- lm(value ~ treatment + block, data)
  data$square <- fitted(model)^2
  test <- anova(model, lm(value ~ treatment + block + square, data))
  list(f = test$F[2], p = test[["Pr(>F)"]][2])
})

# Analyses of variance by sums to zero: each row is what its term explains beside all others.
typeThree <- function(values, levels) {
  data <- long(values, levels)
  for (name in c(names(levels), "block")) contrasts(data[[name]]) <- contr.sum(nlevels(data[[name]]))
  model <- lm(as.formula(paste("value ~ block +", paste(names(levels), collapse = " * "))), data)
  rows <- drop1(model, . ~ ., test = "F")[-1, ]
  list(values = lapply(seq_len(nrow(values)), function(i) column(values[i, ])),
       levels = lapply(seq_len(nrow(levels)), function(i) column(as.numeric(levels[i, ]))),
       rows = rownames(rows), df = column(rows$Df), ss = column(rows[["Sum of Sq"]]), f = column(rows[["F value"]]),
       p = column(rows[["Pr(>F)"]]), residual = deviance(model), residualDf = model$df.residual)
}
withGaps <- reference
withGaps[cbind(c(2, 5, 9, 12), c(1, 3, 2, 2))] <- NA
anovas <- list(reference = typeThree(reference, factors), gaps = typeThree(withGaps, factors))

write(json(list(
  fits = fits, additivity = additivity, anova = anovas,
  power = lapply(list(c(5, 0.7), c(10, 0.7), c(4, 2)), function(x)
    list(n = x[1], effect = x[2], power = power.t.test(n = x[1], delta = x[2], sd = 1, type = "paired", strict = FALSE)$power)),
  noncentral = list(
    t = I(c(-1, 0.5, 2, 2.2, 3, 6)), df = I(c(2, 4, 3, 22, 100, 18)), delta = I(c(0.5, 1, 2, 2.5, 3, 4)),
    p = column(pt(c(-1, 0.5, 2, 2.2, 3, 6), c(2, 4, 3, 22, 100, 18), c(0.5, 1, 2, 2.5, 3, 4))))
)), file.path(folder, "analysis.json"))
