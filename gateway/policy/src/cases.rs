//! Policy cases: findings and requests as data, with the decision they must have.
